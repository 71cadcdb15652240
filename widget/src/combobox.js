/** The list under the number's input: companies and establishments to choose (ARIA 1.2 combobox). */

import { describe, idOf, make, newId, anchorOf } from './kits.js'

/** @typedef {{ text: string, value: any }} Option */

export class Combobox {
	/**
	 * @param {HTMLInputElement} input @param {import('./kits.js').Kit} kit
	 * @param {(value: any) => void} onChoose
	 */
	constructor(input, kit, onChoose) {
		this.input = input
		this.kit = kit
		this.onChoose = onChoose
		/** @type {Option[]} */
		this.options = []
		this.active = -1
		/** @type {HTMLElement | undefined} */
		this.list = undefined
	}

	/** Say what the input is. An input that finds nothing stays a plain one. @param {boolean} searches */
	announce(searches) {
		for (const [name, value] of Object.entries({
			role: 'combobox',
			'aria-expanded': 'false',
			'aria-autocomplete': 'list',
		}))
			if (searches) this.input.setAttribute(name, value)
			else this.input.removeAttribute(name)
		if (searches && !this.input.autocomplete) this.input.autocomplete = 'off'
	}

	get isOpen() {
		return !!this.list
	}

	/** @param {Option[]} options @param {string} label */
	open(options, label) {
		this.close()
		if (!options.length) return
		this.options = options
		this.list = make('ul', 'list', this.kit.list)
		this.list.id = newId()
		this.list.setAttribute('role', 'listbox')
		this.list.setAttribute('aria-label', label)
		this.list.append(...options.map((option, index) => this.#item(option, index)))
		// The input keeps the focus: touching the list must not take it.
		this.list.addEventListener('pointerdown', event => event.preventDefault())
		this.list.addEventListener('mousedown', event => event.preventDefault())
		anchorOf(this.input).after(this.list)
		this.input.setAttribute('aria-expanded', 'true')
		this.input.setAttribute('aria-controls', this.list.id)
	}

	/** @param {Option} option @param {number} index */
	#item(option, index) {
		const item = make('li', 'option', this.kit.option, option.text)
		item.setAttribute('role', 'option')
		item.setAttribute('aria-selected', 'false')
		item.addEventListener('click', () => this.choose(index))
		return item
	}

	close() {
		if (!this.list) return
		this.list.remove()
		this.list = undefined
		this.active = -1
		this.input.setAttribute('aria-expanded', 'false')
		for (const name of ['aria-controls', 'aria-activedescendant']) this.input.removeAttribute(name)
	}

	/** @param {number} index */
	choose(index) {
		const option = this.options[index]
		this.close()
		if (option) this.onChoose(option.value)
	}

	/** @param {number} index */
	#activate(index) {
		const items = [...this.list.children]
		this.active = (index + items.length) % items.length
		items.forEach((item, at) => item.setAttribute('aria-selected', `${at === this.active}`))
		items[this.active].scrollIntoView({ block: 'nearest' })
		this.input.setAttribute('aria-activedescendant', idOf(items[this.active]))
	}

	/** @param {KeyboardEvent} event @returns {boolean} Whether the key was for the list. */
	key(event) {
		if (!this.list) return false
		const { active } = this
		/** @type {Record<string, () => void>} */
		const keys = {
			ArrowDown: () => this.#activate(active + 1),
			ArrowUp: () => this.#activate(active < 0 ? -1 : active - 1),
			Escape: () => this.close(),
			Enter: () => (active < 0 ? undefined : this.choose(active)),
		}
		if (event.key === 'Tab') this.close()
		if (!keys[event.key] || (event.key === 'Enter' && active < 0)) return false
		event.preventDefault()
		event.stopPropagation()
		keys[event.key]()
		return true
	}

	detach() {
		this.close()
		this.announce(false)
		describe(this.input, '')
	}
}
