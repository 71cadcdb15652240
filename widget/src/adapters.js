/**
 * One interface for everything that holds a value: native inputs, groups, selects, contenteditable, form-associated
 * custom elements, outputs. A value is a string; for a list of choices, the token of the chosen one.
 */

import { indexOfChoice, plain } from './matching.js'

/**
 * @typedef {object} Adapter
 * @property {any} element The first of `elements`: where events are sent and marks are put.
 * @property {any[]} elements
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
const isCustom = (/** @type {any} */ element) =>
	element.localName.includes('-') && ('value' in element || 'checked' in element)
// A first option that is not an answer.
const PLACEHOLDER = /^(-|choi|choose|selec|pick|please|veuill)/
const TYPED = ['input', 'change']
const CLICKED = ['click', ...TYPED]

let writing = 0
/** Whether an event is an effect of the script's own writing. */
export const isWriting = () => writing > 0

/** @param {any} element @param {string} property @param {unknown} value @param {string[]} types Events that it sends. */
export function set(element, property, value, types) {
	if (element[property] === value) return
	// Frameworks put their own property on the instance: the one of the class is set.
	let owner = Object.getPrototypeOf(element)
	let setter
	while (owner && !(setter = Object.getOwnPropertyDescriptor(owner, property)?.set))
		owner = Object.getPrototypeOf(owner)
	writing++
	try {
		if (setter) setter.call(element, value)
		else element[property] = value
		for (const type of types) element.dispatchEvent(new Event(type, { bubbles: true, composed: true }))
	} finally {
		writing--
	}
}

/** @param {any} element */
const labelOf = element => (element.labels?.[0] || element.closest('label') || element).textContent.trim()

/** A field that takes text, as far as nothing else is said. @param {any[]} elements @param {Partial<Adapter>} [own] @returns {Adapter} */
const adapter = (elements, own) => ({
	element: elements[0],
	elements,
	display: false,
	read: () => elements[0].value,
	write(value) {
		const [element] = elements
		set(element, 'value', value, TYPED)
		// A mask that goes by the cursor leaves the end of what was there.
		if (!value) set(element, 'value', value, TYPED)
		element.tomselect?.sync()
	},
	isEmpty() {
		return !this.read().trim() && !elements[0].validity?.badInput
	},
	focused: () => elements.some(element => element.matches(':focus-within')),
	translate: (value, context) => spell(value, elements[0], context),
	...own,
})

/** Radios and checkboxes that are one question. @param {any} box @returns {any[]} */
function questionOf(box) {
	const radio = box.type === 'radio'
	if (!radio && !box.closest('[data-prefill-group]')) return [box]
	const root = box.form || box.getRootNode()
	const scope = (!(box.name && radio) && box.closest('[data-prefill-group],fieldset,[role=radiogroup]')) || root
	const own = box.dataset.prefillField
	return [...scope.querySelectorAll(`input[type=${box.type}]`)].filter(
		other =>
			other.form === box.form &&
			other.name === box.name &&
			(box.name || !own || (other.dataset.prefillField || own) === own),
	)
}

/** @param {any[]} boxes @returns {Adapter} */
function group(boxes) {
	const choices = boxes.map(box => ({
		value: box.getAttribute('value') ?? (box.value === 'on' ? '' : box.value),
		label: labelOf(box),
	}))
	const tokens = choices.map(({ value, label }, index) =>
		value && choices.filter(choice => choice.value === value).length < 2 ? value : label || `${index}`,
	)
	const read = () => tokens.filter((_, index) => boxes[index].checked).join('\n')
	return adapter(boxes, {
		read,
		write(value) {
			const wanted = tokens.map(token => value.split('\n').includes(token))
			// The one to check comes first: unchecking a radio is seen by no framework.
			for (const checked of [true, false])
				boxes.forEach((box, index) => wanted[index] === checked && set(box, 'checked', checked, CLICKED))
		},
		isEmpty: () => !read(),
		translate(value, { synonyms }) {
			const found = [value].flat().map(one => indexOfChoice(choices, one, synonyms))
			return tokens.filter((_, index) => found.includes(index)).join('\n') || null
		},
	})
}

/** Something to check. @param {any} box @param {string[]} types @returns {Adapter} */
const single = (box, types) =>
	adapter([box], {
		read: () => (box.checked ? 'true' : ''),
		write: value => set(box, 'checked', value === 'true', types),
		translate(value, { synonyms }) {
			if (typeof value === 'boolean') return value ? 'true' : ''
			const choices = [{ value: box.getAttribute('value') || '', label: labelOf(box) }]
			return indexOfChoice(choices, value, synonyms) < 0 ? null : 'true'
		},
	})

/** @param {any} select @returns {Adapter} */
const list = select => {
	const options = () => [...select.options]
	return adapter([select], {
		read: () => (select.multiple ? [...select.selectedOptions].map(option => option.value).join('\n') : select.value),
		isEmpty() {
			const [option] = select.selectedOptions
			return !option?.value || option.disabled || (option.index === 0 && PLACEHOLDER.test(plain(option.text) || '-'))
		},
		translate(value, { synonyms }) {
			const choices = options().map(option =>
				option.disabled ? { value: '', label: '' } : { value: option.value, label: option.text },
			)
			return options()[indexOfChoice(choices, value, synonyms)]?.value ?? null
		},
	})
}

/** @param {any} element A form-associated custom element, by its `value` or `checked`. @returns {Adapter} */
function custom(element) {
	const prefix = element.localName.split('-')[0]
	const types = [...TYPED, `${prefix}-input`, `${prefix}-change`]
	if ('checked' in element) return single(element, types)
	const read = () => [element.value ?? ''].flat().join('\n')
	return adapter([element], {
		read,
		// Its `validity` may need a first rendering.
		isEmpty: () => !read(),
		write: value => set(element, 'value', value, types),
		translate(value, context) {
			const choices = [...element.querySelectorAll('*')]
				.filter(child => child.localName.includes('-') && 'value' in child && child.value !== '')
				.map(child => ({ value: `${child.value}`, label: child.textContent.trim() }))
			if (!choices.length) return spell(value, element, context)
			return choices[indexOfChoice(choices, value, context.synonyms)]?.value ?? null
		},
	})
}

/** @param {any} element @returns {Adapter} */
const display = element => {
	/** What the script itself puts in the element is not its value. */
	const own = () => [...element.childNodes].filter(node => !node.className?.startsWith?.('prefill-note'))
	return adapter([element], {
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
	})
}

/** @param {any} element An element that the page binds to a field. @returns {Adapter} */
export function adapterOf(element) {
	const control = isControl(element)
	if (!control && !isCustom(element)) {
		const boxes = [...element.querySelectorAll('input[type=radio],input[type=checkbox]')]
		if (boxes.length && element.matches('fieldset,[role=radiogroup],[role=group],[data-prefill-group]'))
			return group(boxes)
		// A wrapper around the field: what is in it is the page's, not text to replace.
		const inner = element.dataset.prefillList === undefined ? element.querySelector('input,select,textarea') : null
		// A list that a library draws takes no text.
		if (inner?.matches('[role=combobox]')) return adapter([inner], { translate: () => null })
		if (inner) return adapterOf(inner)
		if (!element.isContentEditable && !element.matches('[contenteditable]:not([contenteditable=false])'))
			return display(element)
		return adapter([element], {
			read: () => element.textContent,
			write: value => set(element, 'textContent', value, ['input']),
		})
	}
	if (!control) return custom(element)
	if (element.matches('select')) return list(element)
	if (!/^(radio|checkbox)$/.test(element.type)) return adapter([element])
	const question = questionOf(element)
	return question.length > 1 || element.type === 'radio' ? group(question) : single(element, CLICKED)
}

/**
 * A register's value as text.
 * @param {unknown} value @param {any} element @param {Context} context @returns {string}
 */
export function spell(value, element, context) {
	const each = (/** @type {unknown[]} */ values) => values.map(one => spell(one, element, context))
	if (Array.isArray(value)) return each(value).join(element.matches?.('textarea') ? '\n' : ', ')
	if (value && typeof value === 'object') return each(Object.values(value)).join(' ')
	if (typeof value === 'boolean') return value ? context.t('oui', 'yes') : context.t('non', 'no')
	const words = `${value ?? ''}`
	return /date|hidden/.test(element.type) || context.language === 'en'
		? words
		: words.replace(/^(\d{4})-(\d\d)-(\d\d)$/, '$3/$2/$1')
}
