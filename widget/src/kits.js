/** The markup of style sheets: which classes say what, and where a note may stand without breaking their drawing. */

/** @typedef {'info' | 'success' | 'warning' | 'error'} Severity */
/**
 * @typedef {object} Kit
 * @property {string} detect A selector of the number's input.
 * @property {string} inside Wrappers that a note is put into, at the end.
 * @property {string} after Wrappers that a note is put after.
 * @property {string} wrap Class of the element around a note's text, '' for none.
 * @property {string} note @property {string} notice @property {string} button
 * @property {string} link @property {string} list @property {string} option
 * @property {(severity: Severity) => string} severity The class of a sentence or a note.
 * @property {[wrapper: string, wrapperClass: string, inputClass: string]} invalid
 */

/** @type {Kit} */
const plain = {
	detect: '*',
	inside: '',
	after: '',
	wrap: '',
	note: '',
	notice: '',
	button: '',
	link: 'prefill-take',
	list: '',
	option: '',
	severity: () => '',
	invalid: ['', '', ''],
}

/** @type {Record<string, Kit>} */
const KITS = {
	dsfr: {
		...plain,
		detect: '.fr-input',
		inside: '.fr-input-group,.fr-select-group,.fr-checkbox-group:not(.fr-fieldset *),.fr-fieldset',
		wrap: 'fr-messages-group',
		note: 'fr-message',
		notice: 'fr-message fr-message--warning',
		button: 'fr-btn fr-btn--tertiary fr-btn--sm',
		link: 'fr-link fr-link--sm',
		severity: level => `fr-message--${level === 'success' ? 'valid' : level}`,
		invalid: ['.fr-input-group', 'fr-input-group--error', ''],
	},
	bootstrap: {
		...plain,
		detect: '.form-control',
		inside: '.form-floating',
		after: '.input-group,.form-check',
		note: 'form-text',
		notice: 'form-text text-warning-emphasis',
		button: 'btn btn-outline-secondary btn-sm',
		link: 'btn btn-link btn-sm p-0 align-baseline',
		list: 'list-group shadow',
		option: 'list-group-item',
		severity: level => (level === 'info' ? '' : `text-${level === 'error' ? 'danger' : level}-emphasis`),
		invalid: ['', '', 'is-invalid'],
	},
	plain,
}

/** @param {string | undefined} name @param {Element | undefined} input */
export const kitOf = (name, input) =>
	KITS[name] || Object.values(KITS).find(kit => !input || input.matches(kit.detect)) || plain

/** A page that is put back as it was has ids of before. */
let count = Date.now()
export const newId = () => `prefill-${++count}`

/** @param {Element} element */
export const idOf = element => (element.id ||= newId())

/**
 * @param {string} tag @param {string} name The part that it plays: its class is `prefill-` and that. @param {string} [classes]
 * @param {string} [text]
 */
export function make(tag, name, classes = '', text = '') {
	const element = document.createElement(tag)
	element.className = `prefill-${name} ${classes}`.trim()
	element.textContent = text
	element.dataset.prefillMade = ''
	made.add(element)
	return element
}

/** @type {WeakSet<Node>} */
const made = new WeakSet()
/** Whether the script put an element in the page. @param {Node} node */
export const isMade = node => made.has(node)

/**
 * Take away what a copy of the page, or of a row, has of the script's own elements: nobody answers for them.
 * @param {Element} scope
 */
export function removeCopies(scope) {
	for (const copy of scope.querySelectorAll('[data-prefill-made]')) if (!made.has(copy)) copy.remove()
}

/** @param {string} name @param {string} classes @param {string} text @param {(event: Event) => void} act @param {string} [label] */
export function makeButton(name, classes, text, act, label) {
	const button = /** @type {HTMLButtonElement} */ (make('button', name, classes, text))
	button.type = 'button'
	if (label) button.setAttribute('aria-label', label)
	button.addEventListener('click', act)
	return button
}

/** @param {Element} element @param {string} add @param {string} [remove] */
export function describe(element, add, remove) {
	const ids = (element.getAttribute('aria-describedby') || '')
		.split(' ')
		.filter(id => id && id !== remove && id !== add)
	if (add) ids.push(add)
	if (ids.length) element.setAttribute('aria-describedby', ids.join(' '))
	else element.removeAttribute('aria-describedby')
}

/**
 * Put a note beside a field, where no style sheet that draws `input + label` breaks.
 * @param {HTMLElement} note @param {import('./adapters.js').Adapter} field @param {Kit} kit @param {HTMLElement} block
 * @param {Element} anchor What it may stand after.
 */
export function placeNote(note, { elements, display }, kit, block, anchor) {
	const last = elements[elements.length - 1]
	const within = (/** @type {string} */ selector) => {
		const wrapper = selector && last.closest(selector)
		return wrapper && wrapper !== block && block.contains(wrapper) ? wrapper : null
	}
	const inside = within(kit.inside)
	if (inside) return inside.append(note)
	const after = within(kit.after)
	if (after) return after.after(note)
	if (elements.length > 1) {
		const question = within('[data-prefill-group],fieldset,[role=radiogroup]')
		if (question && elements.every(element => question.contains(element)) && alone(question, elements))
			return question.append(note)
	}
	// What is edited is the candidate's to its last character: a note in it would be sent with it.
	if (display && !('value' in last) && !last.localName.includes('-')) return last.append(note)
	anchor.after(note)
}

/**
 * What stands for a field in its page: the label that holds or follows it, the list that a library draws for a select,
 * the box of a design system, where a note would stand in a row with the text.
 * @param {HTMLElement} element @param {Element[]} [elements] @returns {Element}
 */
export function anchorOf(element, elements = [element]) {
	const next = /** @type {HTMLLabelElement | null} */ (element.nextElementSibling)
	const follows = next?.matches('.select2,.ts-wrapper') || (element.id && next?.htmlFor === element.id)
	let anchor = element.closest('label,.choices') || (follows ? next : element)
	while (isRow(anchor.parentElement) && alone(anchor.parentElement, elements)) anchor = anchor.parentElement
	return anchor
}

/** @param {Element | null} element */
function isRow(element) {
	if (!element || element.matches('form,fieldset,body,[data-prefill]')) return false
	const { display, flexDirection } = getComputedStyle(element)
	return /flex/.test(display) && !/column/.test(flexDirection)
}

/** @param {Element} container @param {Element[]} elements */
const alone = (container, elements) =>
	[...container.querySelectorAll('input:not([type=hidden]),select,textarea')].every(other => elements.includes(other))
