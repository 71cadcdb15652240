/**
 * One interface for everything that holds a value: native inputs, groups, selects, contenteditable, form-associated
 * custom elements, outputs. A value is a string; for a list of choices, the token of the chosen one.
 */

import { indexOfChoice, plain } from './matching.js'

/**
 * @typedef {object} Adapter
 * @property {HTMLElement} element The first of `elements`: where events are sent and marks are put.
 * @property {HTMLElement[]} elements
 * @property {boolean} display Whether it only shows: an output, a plain element.
 * @property {() => string} read
 * @property {(value: string) => void} write Also sends the events that frameworks wait for.
 * @property {() => boolean} isEmpty Whether it has no value now.
 * @property {() => boolean} focused
 * @property {(value: unknown, context: Context) => string | null} translate What `write` wants for a register's value;
 *   null when the field has no such choice.
 */
/** @typedef {{ language: string, synonyms: string[][], t: (fr: string, en: string) => string }} Context */

export const isControl = (/** @type {Element} */ element) => element.matches('input,select,textarea')
const isBox = (/** @type {any} */ element) => element.matches('input') && /^(radio|checkbox)$/.test(element.type)
const isCustom = (/** @type {any} */ element) =>
	element.localName.includes('-') && ('value' in element || 'checked' in element)
// A first option that is not an answer.
const PLACEHOLDER = /^\W*$|^\W*(choi|selec|pick|choose|please|veuill|--)/

let writing = 0
/** Whether an event is an effect of the script's own writing. */
export const isWriting = () => writing > 0

/** @param {HTMLElement} element @param {string} property @param {unknown} value */
function assign(element, property, value) {
	// Frameworks put their own property on the instance: the one of the class is set.
	let owner = Object.getPrototypeOf(element)
	while (owner && !Object.getOwnPropertyDescriptor(owner, property)?.set) owner = Object.getPrototypeOf(owner)
	const setter = owner && Object.getOwnPropertyDescriptor(owner, property).set
	if (setter) setter.call(element, value)
	else /** @type {any} */ (element)[property] = value
}

/** @param {HTMLElement} element @param {string[]} types */
function send(element, types) {
	for (const type of types) element.dispatchEvent(new Event(type, { bubbles: true, composed: true }))
}

/** @param {HTMLElement} element @param {string} property @param {unknown} value @param {string[]} types */
export function set(element, property, value, types) {
	if (/** @type {any} */ (element)[property] === value) return
	writing++
	try {
		assign(element, property, value)
		send(element, types)
	} finally {
		writing--
	}
}

/** @param {any} element */
const labelOf = element => (element.labels?.[0] || element.closest('label') || element).textContent.trim()

/** Radios and checkboxes that are one question. @param {any} box @returns {any[]} */
function questionOf(box) {
	if (box.type !== 'radio' && !box.closest('[data-prefill-group]')) return [box]
	const root = box.getRootNode()
	const container = box.closest('[data-prefill-group],fieldset,[role=radiogroup]') || box.form || root
	const scope = box.name && box.type === 'radio' ? box.form || root : container
	return [...scope.querySelectorAll(`input[type=${box.type}]`)].filter(
		other =>
			other.form === box.form &&
			other.name === box.name &&
			(box.name ||
				(other.dataset.prefillField || box.dataset.prefillField) ===
					(box.dataset.prefillField || other.dataset.prefillField)),
	)
}

/** @param {any[]} boxes @returns {Adapter} */
function group(boxes) {
	const choices = boxes.map((box, index) => ({
		value: box.getAttribute('value') ?? (box.value === 'on' ? '' : box.value),
		label: labelOf(box),
		index,
	}))
	const values = choices.map(choice => choice.value)
	const tokens = choices.map(
		({ value, label, index }) =>
			(value && values.indexOf(value) === values.lastIndexOf(value) && value) || label || `${index}`,
	)
	const chosen = () => tokens.filter((_, index) => boxes[index].checked)
	return {
		...base(boxes),
		read: () => chosen().join('\n'),
		write(value) {
			const wanted = value.split('\n')
			// The one to check comes first: unchecking a radio is seen by no framework.
			const order = boxes
				.map((_, index) => index)
				.sort((a, b) => +wanted.includes(tokens[b]) - +wanted.includes(tokens[a]))
			for (const index of order)
				set(boxes[index], 'checked', wanted.includes(tokens[index]), ['click', 'input', 'change'])
		},
		isEmpty: () => !chosen().length,
		translate: (value, { synonyms }) => {
			if (Array.isArray(value)) {
				const found = value.map(one => indexOfChoice(choices, one, synonyms)).filter(index => index >= 0)
				return found.length ? tokens.filter((_, index) => found.includes(index)).join('\n') : null
			}
			return tokens[indexOfChoice(choices, value, synonyms)] ?? null
		},
	}
}

/** @param {any} box @returns {Adapter} */
const single = box => ({
	...base([box]),
	read: () => (box.checked ? 'true' : ''),
	write: value => set(box, 'checked', value === 'true', ['click', 'input', 'change']),
	isEmpty: () => !box.checked,
	translate: (value, { synonyms }) => {
		if (typeof value === 'boolean') return value ? 'true' : ''
		const choices = [{ value: box.getAttribute('value') || '', label: labelOf(box) }]
		return indexOfChoice(choices, value, synonyms) < 0 ? null : 'true'
	},
})

/** @param {any} select @returns {Adapter} */
const list = select => {
	const options = () => [...select.options]
	const choices = () =>
		options().map(option => ({ value: option.disabled ? '' : option.value, label: option.disabled ? '' : option.text }))
	return {
		...base([select]),
		read: () => (select.multiple ? [...select.selectedOptions].map(option => option.value).join('\n') : select.value),
		write: value => set(select, 'value', value, ['input', 'change']),
		isEmpty: () => {
			const [option] = select.selectedOptions
			return (
				!option ||
				!option.value ||
				option.disabled ||
				(option.index === 0 && PLACEHOLDER.test(plain(option.text) || '-'))
			)
		},
		translate: (value, { synonyms }) => options()[indexOfChoice(choices(), value, synonyms)]?.value ?? null,
	}
}

/** @param {any} input @returns {Adapter} */
const text = input => ({
	...base([input]),
	read: () => input.value,
	write: value => set(input, 'value', value, ['input', 'change']),
	isEmpty: () => !input.value.trim() && !input.validity?.badInput,
	translate: (value, context) => spell(value, input, context),
})

/** @param {any} element A form-associated custom element, by its `value` or `checked`. @returns {Adapter} */
function custom(element) {
	const prefix = element.localName.split('-')[0]
	const types = ['input', 'change', `${prefix}-input`, `${prefix}-change`]
	const choices = () =>
		[...element.querySelectorAll('*')]
			.filter(child => child.localName.includes('-') && 'value' in child && child.value !== '')
			.map(child => ({ value: `${child.value}`, label: child.textContent.trim() }))
	if ('checked' in element)
		return {
			...base([element]),
			read: () => (element.checked ? 'true' : ''),
			write: value => set(element, 'checked', value === 'true', types),
			isEmpty: () => !element.checked,
			translate: value => (typeof value === 'boolean' ? (value ? 'true' : '') : null),
		}
	return {
		...base([element]),
		read: () => [element.value ?? ''].flat().join('\n'),
		write: value => set(element, 'value', value, types),
		isEmpty: () => !element.value?.length,
		translate: (value, context) => {
			const list = choices()
			return list.length
				? (list[indexOfChoice(list, value, context.synonyms)]?.value ?? null)
				: spell(value, element, context)
		},
	}
}

/** @param {HTMLElement} element @returns {Adapter} */
const editable = element => ({
	...base([element]),
	read: () => element.textContent,
	write(value) {
		writing++
		element.textContent = value
		send(element, ['input'])
		writing--
	},
	isEmpty: () => !element.textContent.trim(),
	translate: (value, context) => spell(value, element, context),
})

/** @param {HTMLElement} element @returns {Adapter} */
const display = element => {
	/** What the script itself puts in the element is not its value. */
	const own = () =>
		[...element.childNodes].filter(node => !(/** @type {any} */ (node).className?.startsWith?.('prefill-note')))
	return {
		...base([element]),
		display: true,
		read: () =>
			own()
				.map(node => node.textContent)
				.join(''),
		write(value) {
			for (const node of own()) node.remove()
			element.prepend(value)
		},
		isEmpty: () => true,
		focused: () => false,
		translate: (value, context) => spell(value, element, context),
	}
}

/** @param {any[]} elements */
const base = elements => ({
	element: elements[0],
	elements,
	display: false,
	focused: () => elements.some(element => element.matches(':focus,:focus-within')),
})

/** @param {any} element An element that the page binds to a field. @returns {Adapter} */
export function adapterOf(element) {
	const boxes =
		isControl(element) || isCustom(element)
			? []
			: [...element.querySelectorAll('input[type=radio],input[type=checkbox]')]
	if (boxes.length && element.matches('fieldset,[role=radiogroup],[role=group],[data-prefill-group]'))
		return group(boxes)
	if (isBox(element)) {
		const question = questionOf(element)
		return question.length > 1 || element.type === 'radio' ? group(question) : single(element)
	}
	if (element.matches('select')) return list(element)
	if (isControl(element)) return text(element)
	if (isCustom(element)) return custom(element)
	if (element.isContentEditable || element.matches('[contenteditable]:not([contenteditable=false])'))
		return editable(element)
	return display(element)
}

/**
 * A register's value as text.
 * @param {unknown} value @param {any} element @param {Context} context @returns {string}
 */
export function spell(value, element, context) {
	if (Array.isArray(value))
		return value.map(one => spell(one, element, context)).join(element.matches?.('textarea') ? '\n' : ', ')
	if (value && typeof value === 'object')
		return Object.values(value)
			.map(one => spell(one, element, context))
			.join(' ')
	if (typeof value === 'boolean') return value ? context.t('oui', 'yes') : context.t('non', 'no')
	const words = `${value ?? ''}`
	return /date|hidden/.test(element.type) || context.language === 'en'
		? words
		: words.replace(/^(\d{4})-(\d\d)-(\d\d)$/, '$3/$2/$1')
}
