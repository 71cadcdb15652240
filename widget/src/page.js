/** The blocks of a page: which fields belong to which number, as the page changes. */

import { isWriting } from './adapters.js'
import { Block } from './block.js'
import { isMade } from './kits.js'
import { adoptStyles } from './styles.js'
import { warn } from './warnings.js'

/** @typedef {import('./block.js').Options} Options */
/**
 * @typedef {object} Handle What `attach` returns.
 * @property {(number?: string) => Promise<void>} fill @property {() => void} retry @property {() => void} undo
 * @property {() => void} redo @property {(field?: string | HTMLElement) => void} revert @property {() => void} refresh
 * @property {() => void} detach @property {import('./block.js').State} state
 * @property {Handle[]} members One for each number in the block.
 */

/** @type {Map<HTMLElement, Root>} */
const roots = new Map()
/** @type {WeakMap<Node, MutationObserver>} */
const observers = new WeakMap()

/** @param {Element} element The attached element that it belongs to. */
function rootOf(element) {
	for (let node = /** @type {Element | null} */ (element); node; node = node.parentElement)
		if (roots.has(/** @type {HTMLElement} */ (node))) return roots.get(/** @type {HTMLElement} */ (node))
}

class Root {
	/** @param {HTMLElement} element @param {Options} options */
	constructor(element, options) {
		this.element = element
		this.given = options
		/** @type {Map<HTMLInputElement | undefined, Block>} */
		this.blocks = new Map()
		const rank = [...document.querySelectorAll('[data-prefill],form')].indexOf(element)
		// A component may be in the page several times, each with the same ids in its shadow root.
		const known = rank < 0 ? `shadow${roots.size}` : element.id || element.getAttribute('name') || rank
		this.name = `${known}`.replace(/ /g, '_')
		roots.set(element, this)
		this.abort = new AbortController()
		const { signal } = this.abort
		for (const type of ['input', 'change', 'focusout'])
			element.addEventListener(type, event => this.#route(event), { signal })
		for (const target of [element, /** @type {any} */ (element).form])
			// The browser empties the form after the event.
			target?.addEventListener(
				'reset',
				(/** @type {Event} */ event) =>
					event.target === target && setTimeout(() => this.blocks.forEach(block => block.reset())),
				{ signal },
			)
		this.refresh()
		this.handle = handleOf(
			() => [...this.blocks.values()],
			() => this.refresh(),
			() => this.detach(),
		)
	}

	/** @returns {Options} */
	get options() {
		const near = this.element.closest('[data-prefill]')
		const said = (/** @type {string} */ name) => near?.getAttribute(`data-prefill${name}`) ?? undefined
		return {
			schema: said(''),
			...Object.fromEntries(['url', 'tenant', 'with', 'fields', 'role', 'kit'].map(name => [name, said(`-${name}`)])),
			search: said('-search') !== 'off',
			synonyms: readJson('[data-prefill-synonyms]').flat(),
			...this.given,
		}
	}

	/** Selectors to names, one map for each number when they are told apart. @returns {Record<string, string>[]} */
	get maps() {
		return [...readJson('[data-prefill-map]'), this.given.map || []].flat()
	}

	/** @param {string} selector @returns {HTMLElement[]} */
	own(selector) {
		try {
			return [.../** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll(selector))].filter(
				element => rootOf(element.parentElement) === this,
			)
		} catch {
			warn(`"${selector}" is not a selector`)
			return []
		}
	}

	/** @returns {HTMLInputElement[]} */
	get inputs() {
		const selectors = [
			this.given.siret || '[data-prefill-siret]',
			...this.maps.flatMap(map => Object.keys(map).filter(key => map[key] === '@siret')),
		]
		return /** @type {HTMLInputElement[]} */ ([...new Set(selectors.flatMap(selector => this.own(selector)))])
	}

	refresh() {
		const inputs = this.inputs
		this.current = inputs
		for (const [input, block] of this.blocks)
			if (!inputs.includes(input) && (input || inputs.length)) {
				block.detach()
				this.blocks.delete(input)
			}
		const known = [...this.blocks.values()]
		for (const input of inputs.length ? inputs : [undefined]) if (!this.blocks.has(input)) this.#add(input)
		for (const block of known) {
			block.rescope(this.#scopeOf(block.input))
			block.refresh()
		}
		adoptStyles(this.element)
		observe(this.element)
		this.#debug()
	}

	/** @param {HTMLInputElement | undefined} input */
	#add(input) {
		const label = input ? input.name || input.id : ''
		const rank = this.current.filter(other => (other.name || other.id) === label).indexOf(input)
		const block = new Block({
			input,
			scope: this.#scopeOf(input),
			name: `${this.name} ${label}#${rank}`,
			bindings: () => this.#bindingsOf(input),
			find: selector => this.own(selector).find(element => !input || this.#ownerOf(element) === input),
			options: () => this.options,
		})
		this.blocks.set(input, block)
	}

	/** The element of one member: what holds its number and no other one. @param {HTMLInputElement | undefined} input */
	#scopeOf(input) {
		if (!input) return this.element
		const explicit = /** @type {HTMLElement | null} */ (input.closest('[data-prefill-scope]'))
		if (explicit && this.element.contains(explicit)) return explicit
		if (this.current.length < 2) return this.element
		let scope = /** @type {HTMLElement} */ (input)
		while (scope.parentElement !== this.element && this.#numbersIn(scope.parentElement).length === 1)
			scope = scope.parentElement
		return scope === input ? input.parentElement : scope
	}

	/** @param {Element} element */
	#numbersIn(element) {
		return this.current.filter(input => element.contains(input))
	}

	/** The number whose answer goes into a field; undefined when two could. @param {Element} element */
	#ownerOf(element) {
		if (this.current.length === 1 && !this.current[0].closest('[data-prefill-scope]')) return this.current[0]
		for (let node = element; node && this.element.contains(node); node = node.parentElement) {
			const numbers = this.#numbersIn(node)
			if (numbers.length === 1) return numbers[0]
			if (numbers.length || node.matches('[data-prefill-scope]')) return undefined
		}
	}

	/** @param {HTMLInputElement | undefined} input @returns {[string, HTMLElement][]} */
	#bindingsOf(input) {
		/** @type {[string, HTMLElement][]} */
		const all = this.own('[data-prefill-field]').map(element => [element.dataset.prefillField, element])
		for (const map of this.maps)
			for (const [selector, name] of Object.entries(map))
				if (name !== '@siret') for (const element of this.own(selector)) all.push([name, element])
		return all.filter(([name, element]) => {
			if (element === input || this.current.includes(/** @type {any} */ (element))) return false
			if (!input) return true
			const owner = this.#ownerOf(element) || this.#mappedOwner(element)
			if (!owner)
				warn(`no telling which company "${name}" is about: put data-prefill-scope around each member`, element)
			return owner === input
		})
	}

	/** In a flat form, a field belongs to the number that stands before it in the map. @param {Element} element */
	#mappedOwner(element) {
		for (const map of this.maps) {
			const keys = Object.keys(map)
			const isNumber = (/** @type {string} */ key) => map[key] === '@siret'
			// Numbers that come one after the other say nothing of what follows.
			if (keys.some((key, index) => isNumber(key) && (!keys[index + 1] || isNumber(keys[index + 1])))) continue
			const place = keys.findIndex(key => !isNumber(key) && element.matches(key))
			const number = keys.slice(0, place).reverse().find(isNumber)
			const owners = this.current.filter(input => number && input.matches(number))
			if (owners.length === 1) return owners[0]
		}
	}

	/** @param {Event} event */
	#route(event) {
		if (isWriting()) return
		const target = /** @type {Element} */ (event.target)
		if (rootOf(target) !== this) return
		for (const block of this.blocks.values())
			if (target === block.input || block.fields.fieldOf(target)) return block.onEvent(event)
	}

	#debug() {
		if (!this.element.closest('[data-prefill-debug]')) return
		adoptStyles(this.element, '[data-prefill-bound]{outline:2px dashed!important;outline-offset:2px}')
		for (const block of this.blocks.values())
			for (const { name, adapter } of block.fields.live)
				for (const element of adapter.elements) {
					element.dataset.prefillBound = name
					element.title ||= `data-prefill-field="${name}"`
				}
	}

	detach() {
		this.abort.abort()
		for (const block of this.blocks.values()) block.detach()
		this.blocks.clear()
		roots.delete(this.element)
	}
}

/** @param {string} selector @returns {any[]} */
function readJson(selector) {
	return [...document.querySelectorAll(selector)].map(element => {
		try {
			return JSON.parse(element.textContent)
		} catch (error) {
			warn(`the JSON of ${selector} cannot be read`, error)
			return []
		}
	})
}

/** @param {Element} element */
function observe(element) {
	const root = element.getRootNode()
	if (observers.has(root)) return
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let soon
	const observer = new MutationObserver(records => {
		if (soon || !records.some(isPages)) return
		soon = setTimeout(() => {
			soon = undefined
			if (root === document) scan()
			refreshAll()
		})
	})
	observer.observe(root, {
		childList: true,
		subtree: true,
		attributes: true,
		attributeFilter: [
			'data-prefill',
			'data-prefill-siret',
			'data-prefill-field',
			'data-prefill-scope',
			'data-prefill-map',
		],
	})
	observers.set(root, observer)
}

/** Whether the page did it, not the script. @param {MutationRecord} record */
function isPages(record) {
	if (record.type === 'attributes') return true
	if (/** @type {Element} */ (record.target).closest?.('[data-prefill-made],[data-prefill-status]')) return false
	return [...record.addedNodes, ...record.removedNodes].some(node => node.nodeType === 1 && !isMade(node))
}

export function refreshAll() {
	for (const [element, root] of roots)
		if (element.isConnected) root.refresh()
		else root.detach()
}

/** @param {() => Block[]} blocks @param {() => void} refresh @param {() => void} detach @returns {Handle} */
const handleOf = (blocks, refresh, detach) => ({
	fill: async number => blocks()[0]?.fill(number),
	retry: () => blocks().forEach(block => block.retry()),
	undo: () => blocks().forEach(block => block.undo()),
	redo: () => blocks().forEach(block => block.redo()),
	revert: field => blocks().forEach(block => block.revert(field)),
	refresh,
	detach,
	get state() {
		return blocks()[0]?.state || 'idle'
	},
	get members() {
		return blocks().map(block =>
			handleOf(
				() => [block],
				() => block.refresh(),
				() => block.detach(),
			),
		)
	},
})

/**
 * Make a block fill itself; the same block always gives the same handle.
 * @param {HTMLElement | string} target An element or a selector. @param {Options} [options] @returns {Handle}
 */
export function attach(target, options = {}) {
	const element = typeof target === 'string' ? /** @type {HTMLElement} */ (document.querySelector(target)) : target
	if (!element) throw new TypeError(`prefill: nothing in the page matches "${target}"`)
	const known = roots.get(element)
	if (!known) return new Root(element, options).handle
	if (Object.keys(options).length) {
		known.given = { ...known.given, ...options }
		known.refresh()
	}
	return known.handle
}

/** Attach the blocks that carry `data-prefill`. */
export function scan() {
	for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-prefill]'))) {
		const { handle } = roots.get(element) || new Root(element, {})
		if (
			handle &&
			!roots.get(element).current.length &&
			element.querySelector('[data-prefill-field]') &&
			!element.querySelector('[data-prefill]')
		)
			warn('a block has fields and no number: put data-prefill-siret on the input of the SIRET', element)
	}
	observe(document.documentElement)
}

/** Attach what the page has, now and when it is read. */
export function start() {
	if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', scan)
	else scan()
	// Browsers put values back after the page is read, or show a page that was put aside.
	addEventListener('pageshow', event => (event.persisted ? refreshAll() : setTimeout(reconsider)))
	addEventListener('pagehide', () => roots.forEach(root => root.blocks.forEach(block => block.keep())))
}

/** Take what a former visit left, once the browser has put values back. */
function reconsider() {
	for (const root of roots.values()) for (const block of root.blocks.values()) block.reconsider()
}
