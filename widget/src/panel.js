/** What a block shows beside the number: a sentence, what can be done about it, and the fields one by one. */

import { anchorOf, describe, idOf, make, makeButton } from './kits.js'

/** @typedef {import('./kits.js').Kit} Kit @typedef {import('./kits.js').Severity} Severity */
/** @typedef {{ name: string, text: string, act: () => void, disabled?: boolean }} Action */
/** @typedef {{ text: string, element: HTMLElement, detail: string, remove?: () => void }} Line */

export class Panel {
	/**
	 * @param {{ kit: Kit, words: import('./sentences.js').Sentences, input?: HTMLInputElement, scope: HTMLElement,
	 *   find: (selector: string) => HTMLElement | undefined, undo: () => void }} block
	 */
	constructor({ kit, words, input, scope, find, undo }) {
		this.kit = kit
		this.words = words
		this.input = input
		/** @type {HTMLElement[]} What the script made, and takes away. */
		this.made = []
		this.status =
			find('[data-prefill-status]') || this.#add(make('div', 'status', kit.wrap), input ? anchorOf(input) : null, scope)
		this.status.dataset.prefillStatus ??= ''
		this.status.setAttribute('role', 'status')
		this.actions = this.#add(make('div', 'actions'), this.status, scope)
		this.undoButton =
			/** @type {HTMLButtonElement | undefined} */ (find('[data-prefill-undo]')) ||
			/** @type {HTMLButtonElement} */ (
				this.#addButton(makeButton('button prefill-undo', kit.button, words.undo, () => {}))
			)
		this.undoButton.type = 'button'
		this.undoButton.hidden = true
		this.onUndo = () => undo()
		this.undoButton.addEventListener('click', this.onUndo)
		this.summary = find('[data-prefill-summary]')
		this.ownSummary = !this.summary
		this.scope = scope
		/** @type {HTMLElement | undefined} */
		this.title = undefined
		/** What is said now. */
		this.said = ''
		/** @type {Action[]} */
		this.offered = []
		/** @type {Map<string, HTMLButtonElement>} */
		this.buttons = new Map()
		if (input) describe(input, idOf(this.status))
	}

	/** @param {HTMLElement} element @param {Element | null} after @param {HTMLElement} scope */
	#add(element, after, scope) {
		if (after) after.after(element)
		else scope.append(element)
		this.made.push(element)
		return element
	}

	/** @param {HTMLButtonElement} button */
	#addButton(button) {
		this.actions.append(button)
		return button
	}

	/** @param {string} sentence @param {Severity} severity @param {string[]} notices */
	say(sentence, severity, notices = []) {
		const { kit } = this
		const key = [sentence, severity, ...notices].join('\n')
		if (this.said === key) return
		this.said = key
		this.status.dataset.prefillSeverity = severity
		const shown = (/** @type {string} */ text, /** @type {string} */ classes) => make('p', 'sentence', classes, text)
		// The page's own element keeps its classes, but for those that say how serious it is.
		const own = this.made.includes(this.status)
		if (!own)
			for (const [level, name] of Object.entries(kit.severity))
				if (name) this.status.classList.toggle(name, level === severity && !!sentence)
		if (!own && !notices.length) this.status.textContent = sentence
		else
			this.status.replaceChildren(
				...(sentence
					? [own ? shown(sentence, `${kit.status} ${kit.severity[severity]}`) : make('span', 'sentence', '', sentence)]
					: []),
				...notices.map(text => (own ? shown(text, kit.notice) : make('span', 'sentence', '', ` ${text}`))),
			)
		this.#mark(severity === 'error')
	}

	/** @param {boolean} wrong */
	#mark(wrong) {
		const [wrapper, wrapperClass, inputClass] = this.kit.invalid
		if (wrapper) this.input?.closest(wrapper)?.classList.toggle(wrapperClass, wrong)
		if (inputClass) this.input?.classList.toggle(inputClass, wrong)
	}

	/** @param {boolean} can @param {Action[]} actions */
	offer(can, actions) {
		this.undoButton.hidden = !can
		for (const [name, button] of this.buttons) {
			if (actions.some(action => action.name === name)) continue
			const focused = button.matches(':focus')
			button.remove()
			this.buttons.delete(name)
			// Whoever pressed it goes on from the number.
			if (focused) this.input?.focus()
		}
		for (const action of actions) {
			let button = this.buttons.get(action.name)
			if (!button) {
				button = this.#addButton(
					makeButton(`button prefill-${action.name}`, this.kit.button, action.text, () => this.run(action.name)),
				)
				this.buttons.set(action.name, button)
			}
			if (button.textContent !== action.text) button.textContent = action.text
			button.setAttribute('aria-disabled', `${!!action.disabled}`)
		}
		this.offered = actions
	}

	/** @param {string} name */
	run(name) {
		const action = this.offered.find(one => one.name === name)
		if (action && !action.disabled) action.act()
	}

	/** @param {boolean} reserve @param {{ title: string, lines: Line[] }[]} groups */
	summarise(reserve, groups) {
		const lines = groups.filter(group => group.lines.length)
		if (!lines.length && !reserve) {
			if (this.ownSummary) this.summary?.remove()
			else this.summary.replaceChildren()
			if (this.ownSummary) this.summary = undefined
			return
		}
		if (!this.summary) {
			// After what can be done, so that Tab meets the buttons first.
			const { undoButton, actions } = this
			const last =
				actions.contains(undoButton) || undoButton.parentElement !== actions.parentElement ? actions : undoButton
			last.after((this.summary = make('details', 'summary')))
		}
		this.title ||= make('summary', 'summary-title', '', this.words.details)
		const heads = lines.map(group => {
			const head = make('p', 'summary-head', '', group.title)
			const list = make('ul', 'summary-list')
			list.append(...group.lines.map(line => this.#line(line)))
			return [head, list]
		})
		const kept = this.ownSummary ? this.title : null
		if (kept && kept.parentElement !== this.summary) this.summary.prepend(kept)
		for (const child of [...this.summary.children]) if (child !== kept) child.remove()
		this.summary.append(...heads.flat())
	}

	/** @param {Line} line */
	#line({ text, element, detail, remove }) {
		const item = document.createElement('li')
		const link = /** @type {HTMLAnchorElement} */ (
			make('a', 'link', /fr-link/.test(this.kit.link) ? this.kit.link : '', text)
		)
		link.href = `#${idOf(element)}`
		link.addEventListener('click', event => {
			event.preventDefault()
			element.scrollIntoView({ block: 'center' })
			element.focus()
		})
		item.append(link, ` ${detail} `)
		if (remove)
			item.append(makeButton('take', this.kit.link, this.words.remove, remove, `${this.words.remove} : ${text}`))
		return item
	}

	detach() {
		this.undoButton.removeEventListener('click', this.onUndo)
		this.#mark(false)
		if (this.input) describe(this.input, '', this.status.id)
		if (!this.made.includes(this.status)) this.status.textContent = ''
		if (this.ownSummary) this.summary?.remove()
		else this.summary.replaceChildren()
		for (const element of this.made) element.remove()
	}
}
