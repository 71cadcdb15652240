/** What a block shows beside the number: a sentence, what can be done about it, and the fields one by one. */

import { anchorOf, describe, idOf, make, makeButton } from './kits.js'

/** @typedef {import('./kits.js').Severity} Severity */
/** @typedef {{ name: string, text: string, act: () => void, disabled?: boolean }} Action */
/** @typedef {import('./fields.js').Field} Field */
/** @typedef {{ text: string, element: HTMLElement, detail: string, remove?: () => void }} Line */
/** @typedef {{ title: string, fields: Field[], line: (field: Field) => Line }} Group */

export class Panel {
	/** What is said now. */
	said = ''
	/** @type {Map<string, HTMLButtonElement>} */
	buttons = new Map()
	/** @type {Group[]} What the summary tells. */
	groups = []

	/** @param {import('./block.js').Block} block */
	constructor(block) {
		const { kit, words, input } = block
		const { find } = block.place
		this.owner = block
		const status = find('[data-prefill-status]')
		/** @type {HTMLElement[]} What the script made, and takes away. */
		this.made = []
		this.status = status || this.#add(make('div', 'status', kit.wrap), input && anchorOf(input))
		this.ownStatus = !status
		this.status.dataset.prefillStatus ??= ''
		this.status.setAttribute('role', 'status')
		this.actions = this.#add(make('div', 'actions'), this.status)
		const undo = () => block.undo()
		const found = /** @type {HTMLButtonElement | undefined} */ (find('[data-prefill-undo]'))
		found?.addEventListener('click', undo, { signal: block.abort.signal })
		this.undoButton = found || this.#addButton('undo', words.undo, undo)
		this.undoButton.type = 'button'
		this.undoButton.hidden = true
		const summary = find('[data-prefill-summary]')
		this.summary = summary || make('details', 'summary')
		if (!summary) this.made.push(this.summary)
		this.title = summary ? undefined : make('summary', 'summary-title', '', words.details)
		// What nobody sees is not drawn.
		if (!summary) this.summary.addEventListener('toggle', () => this.#list())
		if (input) describe(input, idOf(this.status))
	}

	/** @param {HTMLElement} element @param {Element | undefined} after */
	#add(element, after) {
		if (after) after.after(element)
		else this.owner.scope.append(element)
		this.made.push(element)
		return element
	}

	/** @param {string} name @param {string} text @param {() => void} act */
	#addButton(name, text, act) {
		const button = makeButton(`button prefill-${name}`, this.owner.kit.button, text, act)
		this.actions.append(button)
		return button
	}

	/** @param {string} sentence @param {Severity} severity @param {string[]} notices */
	say(sentence, severity, notices) {
		const { status, ownStatus } = this
		const { kit, input } = this.owner
		const key = [sentence, severity, ...notices].join('\n')
		if (this.said === key) return
		this.said = key
		status.dataset.prefillSeverity = severity
		const shown = (/** @type {string} */ text, /** @type {string} */ classes) =>
			ownStatus ? make('p', 'sentence', classes, text) : make('span', 'sentence', '', text)
		// The page's own element keeps its classes, but for those that say how serious it is.
		if (!ownStatus)
			for (const level of /** @type {const} */ (['info', 'success', 'warning', 'error'])) {
				const name = kit.severity(level)
				if (name) status.classList.toggle(name, level === severity && !!sentence)
			}
		status.replaceChildren(
			...(sentence ? [shown(sentence, `${kit.note} ${kit.severity(severity)}`)] : []),
			...notices.map(text => shown(ownStatus ? text : ` ${text}`, kit.notice)),
		)
		const [wrapper, wrapperClass, inputClass] = kit.invalid
		if (wrapper) input?.closest(wrapper)?.classList.toggle(wrapperClass, severity === 'error')
		if (inputClass) input?.classList.toggle(inputClass, severity === 'error')
	}

	/** @param {boolean} can Whether there is something to undo. @param {Action[]} actions */
	offer(can, actions) {
		const { buttons } = this
		this.undoButton.hidden = !can
		this.offered = actions
		for (const [name, button] of buttons) {
			if (actions.some(action => action.name === name)) continue
			// Whoever pressed it goes on from the number.
			if (button.matches(':focus')) this.owner.input?.focus()
			button.remove()
			buttons.delete(name)
		}
		for (const { name, text, disabled } of actions) {
			const button = buttons.get(name) || this.#addButton(name, text, () => this.run(name))
			buttons.set(name, button)
			if (button.textContent !== text) button.textContent = text
			button.setAttribute('aria-disabled', `${!!disabled}`)
		}
	}

	/** @param {string} name */
	run(name) {
		const action = this.offered.find(one => one.name === name)
		if (action && !action.disabled) action.act()
	}

	/** @param {boolean} reserve @param {Group[]} groups */
	summarise(reserve, groups) {
		const { summary, title, undoButton, actions } = this
		this.groups = groups.filter(group => group.fields.length)
		if (title && !this.groups.length && !reserve) return summary.remove()
		if (title && !summary.isConnected) {
			// After what can be done, so that Tab meets the buttons first.
			const last =
				actions.contains(undoButton) || undoButton.parentElement !== actions.parentElement ? actions : undoButton
			last.after(summary)
			summary.append(title)
		}
		this.#list()
	}

	#list() {
		const { summary, title, groups } = this
		if (title && !(/** @type {HTMLDetailsElement} */ (summary).open)) return
		for (const child of [...summary.children]) if (child !== title) child.remove()
		for (const group of groups) {
			const list = make('ul', 'summary-list')
			list.append(...group.fields.map(field => this.#line(group.line(field))))
			summary.append(make('p', 'summary-head', '', group.title), list)
		}
	}

	/** @param {Line} line */
	#line({ text, element, detail, remove }) {
		const { kit, words } = this.owner
		const item = document.createElement('li')
		const link = /** @type {HTMLAnchorElement} */ (make('a', 'link', /^fr/.test(kit.link) ? kit.link : '', text))
		link.href = `#${idOf(element)}`
		link.addEventListener('click', event => {
			event.preventDefault()
			element.scrollIntoView({ block: 'center' })
			element.focus()
		})
		item.append(link, ` ${detail} `)
		if (remove) item.append(makeButton('take', kit.link, words.remove, remove, `${words.remove} : ${text}`))
		return item
	}

	detach() {
		this.say('', 'info', [])
		if (this.owner.input) describe(this.owner.input, '', this.status.id)
		this.summary.replaceChildren()
		for (const element of this.made) element.remove()
	}
}
