/** One number and the fields that it fills: a form, or one member of a group in it. */

import { Fields, labelOf } from './fields.js'
import { complete, leave, run, stop, retryAction, result, again } from './filling.js'
import { identify } from './identifiers.js'
import { kitOf, removeCopies } from './kits.js'
import { remember } from './memory.js'
import { expectNotice } from './notice.js'
import { normalise, prepareInput, rest, typed } from './number.js'
import { Panel } from './panel.js'
import { restore } from './restoring.js'
import { sentencesIn } from './sentences.js'
import { adoptStyles } from './styles.js'

/** @typedef {'idle' | 'searching' | 'choosing' | 'filling' | 'done' | 'partial' | 'stale' | 'blocked' | 'error'} State */
/** @typedef {import('./kits.js').Severity} Severity @typedef {import('./panel.js').Action} Action */
/**
 * @typedef {object} Options What `attach` takes; the attributes of the block say the same.
 * @property {string} [siret] Selector of the number. @property {Record<string, string> | Record<string, string>[]} [map]
 * @property {string} [schema] @property {string} [url] @property {string} [tenant] @property {string} [with]
 * @property {string} [fields] @property {string} [role] @property {string} [lang] @property {string} [kit]
 * @property {string[][]} [synonyms]
 * @property {boolean} [search]
 */
/**
 * @typedef {object} Place Where a block is in the page.
 * @property {HTMLInputElement | undefined} input @property {HTMLElement} scope @property {string} name
 * @property {() => [string, HTMLElement][]} bindings @property {(selector: string) => HTMLElement | undefined} find
 * @property {() => Options} options
 */

export class Block {
	/** @type {State} */
	state = 'idle'
	/** @type {AbortController | undefined} */
	job
	/** What was last typed, and dealt with. */
	handled = ''
	/** @type {Set<string>} Names asked for; empty for the whole form. */
	asked = new Set()
	/** Automatic retries so far, and when the next one may be (milliseconds since the epoch). */
	attempt = 0
	retryAt = 0
	earliest = 0
	sentence = ''
	/** @type {Severity} */
	severity = 'info'
	/** @type {Action[]} */
	extra = []
	/** @type {string[]} */
	notices = []
	/** @type {import('./search.js').Search | undefined} */
	search
	/** @type {{ number: string, parts: import('./transport.js').Answer[] } | undefined} What « redo » puts back. */
	undone

	/** @type {ReturnType<typeof setTimeout> | undefined} The next search, the next count, the next saving. */
	timer
	/** @type {ReturnType<typeof setInterval> | undefined} */
	countdown
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	keeping
	/** @type {import('./notice.js').NoticeText | null | undefined} Read, not shown yet. */
	pendingNotice
	/** @type {HTMLElement | undefined} */
	noticeBox
	/** @type {(() => void) | undefined} */
	onConsent
	/** @type {string | null} What the page had on the input. */
	maxLength = null

	/** @param {Place} place */
	constructor(place) {
		this.place = place
		this.abort = new AbortController()
		this.input = place.input
		this.scope = place.scope
		this.words = sentencesIn(this.language)
		this.kit = kitOf(place.options().kit, this.input)
		adoptStyles(this.scope)
		removeCopies(this.scope)
		this.fields = new Fields(this)
		this.panel = new Panel(this)
		if (this.input) prepareInput(this)
		this.fields.collect()
		restore(this)
		this.show()
	}

	get language() {
		const said = this.place.options().lang || /** @type {HTMLElement | null} */ (this.scope.closest('[lang]'))?.lang
		return /^en/.test(said) ? 'en' : 'fr'
	}

	/** The block took another element, as when a second member came. @param {HTMLElement} scope */
	rescope(scope) {
		if (scope === this.scope) return
		delete this.scope.dataset.prefillState
		this.scope = scope
		this.show()
	}

	/** Fill in for a number, typed or given. @param {string} [given] */
	async fill(given = this.input?.value || '') {
		const { kind, value } = identify(given)
		if (!value) return
		stop(this)
		this.undone = undefined
		if (this.input) {
			normalise(this, value)
			this.handled = `${kind} ${value}`
			this.input.removeAttribute('aria-invalid')
		}
		// Whatever comes next, the values of another company do not stay beside this number.
		const { company } = this.fields
		if (company && company !== value && kind === 'siret') leave(this)
		if (!this.emit('start', { siret: value })) return rest(this)
		this.attempt = 0
		await run(this, value)
	}

	/** Ask again for the number of the form, not sooner than the service allows. */
	async retry() {
		if (Date.now() < this.earliest) return
		this.attempt = 0
		await again(this)
	}

	undo() {
		const { fields, words } = this
		const number = fields.company
		stop(this)
		if (number) this.undone = { number, parts: fields.parts }
		fields.revertAll()
		this.putReceipt()
		this.notices = []
		this.emit('undo', { siret: number })
		const redo = { name: 'redo', text: words.redo, act: () => this.redo() }
		this.become('idle', words.undone, 'info', number ? [redo] : [])
		this.keep()
		this.input?.focus()
	}

	/** @returns {void} */
	redo() {
		if (!this.undone) return
		const { number, parts } = this.undone
		const { fields } = this
		const whole = parts.at(-1)
		this.undone = undefined
		// What was undone before the end is asked again.
		if (!whole?.sources) return void run(this, number)
		fields.company = number
		fields.parts = parts
		fields.reserve()
		complete(this, number, whole)
	}

	/** Give one field back. @param {string | HTMLElement} [field] Its name, or an element; without it, all of them. */
	revert(field) {
		if (!field) return this.undo()
		const found = this.fields.fieldOf(field)
		if (found) this.fields.revert(found)
		this.keep()
	}

	/** Forget everything: the form was emptied. */
	reset() {
		stop(this)
		this.fields.forget()
		this.putReceipt()
		this.handled = ''
		this.notices = []
		this.undone = undefined
		this.emit('undo', { siret: '' })
		rest(this)
		this.keep()
	}

	/** Look at the page again: fields came or went. */
	refresh() {
		const { fields, asked } = this
		if (!fields.collect() || !fields.company) return
		if (Object.keys(fields.saved).length || fields.parts.length) fields.settle()
		const unknown = asked.size && fields.names.some(name => !asked.has(name))
		const lost =
			!fields.parts.length &&
			fields.live.some(field => !field.written && field.edited === undefined && field.adapter.isEmpty())
		if ((unknown || lost) && !this.job && !fields.stale && /^(done|partial)$/.test(this.state))
			run(this, fields.company, true)
	}

	/** Browsers put values back late: look again, while nobody has done anything. */
	reconsider() {
		if (this.state === 'idle' && !this.fields.company && !this.job) restore(this)
	}

	/** Keep for a later visit what was written: also called before the page is left. */
	keep() {
		clearTimeout(this.keeping)
		const { fields } = this
		const block = fields.company || fields.number ? fields.export() : undefined
		const receipt = this.receiptInput?.value || undefined
		remember(this.place.name, block && Object.keys(block.fields).length ? { ...block, receipt } : undefined)
	}

	/** @param {string} type @param {object} detail @param {HTMLElement} [element] @returns {boolean} Whether nobody cancelled it. */
	emit(type, detail, element = this.scope) {
		return element.dispatchEvent(
			new CustomEvent(`prefill:${type}`, { bubbles: true, cancelable: true, composed: true, detail }),
		)
	}

	/** @param {State} state @param {string} sentence @param {Severity} [severity] @param {Action[]} [actions] */
	become(state, sentence, severity = 'info', actions = []) {
		Object.assign(this, { state, sentence, severity, extra: actions })
		this.show()
		this.emit('state', {
			state,
			sentence,
			severity,
			actions: actions.map(({ name, text }) => ({ name, text })),
			siret: this.fields.company,
		})
	}

	/** Fields changed by themselves: the counts too. */
	changed() {
		if (/^(done|partial)$/.test(this.state) && this.fields.company && !this.job) {
			this.sentence = result(this)
			this.show()
		}
		clearTimeout(this.keeping)
		this.keeping = setTimeout(() => this.keep(), 200)
	}

	show() {
		const { state, fields, panel, words, scope } = this
		if (!panel) return
		const busy = /^(searching|filling)$/.test(state)
		if (scope.dataset.prefillState !== state) {
			scope.dataset.prefillState = state
			if (busy) scope.setAttribute('aria-busy', 'true')
			else scope.removeAttribute('aria-busy')
		}
		if (!fields.quiet || state === 'stale')
			panel.say(this.sentence, this.severity, /^(done|partial|filling|error)$/.test(state) ? this.notices : [])
		const { ours, filled, missing, confirm } = fields.counts()
		panel.offer(ours.length > 0 || (busy && fields.reserved), [...this.extra, ...retryAction(this)])
		if (fields.quiet) return
		panel.summarise(fields.reserved, [
			{ title: words.toConfirm, fields: confirm, line: field => this.#line(field) },
			{ title: words.toComplete, fields: missing, line: field => this.#line(field) },
			{ title: words.counts(filled.length), fields: filled, line: field => this.#line(field, true) },
		])
	}

	/** @param {import('./fields.js').Field} field @param {boolean} [ours] @returns {import('./panel.js').Line} */
	#line({ name, adapter, info }, ours) {
		return {
			text: labelOf(adapter) || name,
			element: adapter.element,
			detail: ours ? info.producer : '',
			remove: ours && !adapter.display ? () => this.revert(adapter.element) : undefined,
		}
	}

	/** What is asked of the service. @returns {import('./transport.js').Request} */
	request() {
		const { schema, url, tenant, with: extra, fields, role } = this.place.options()
		const names = fields === '*' ? undefined : fields || this.fields.names.join(',')
		const receipt = this.receiptInput?.dataset.prefillReceipt
		return { schema, url, tenant, with: extra, fields: names || undefined, role, receipt, lang: this.language }
	}

	/** Where the page wants the receipt of a procedure, which its attribute names. */
	get receiptInput() {
		return /** @type {HTMLInputElement | undefined} */ (this.place.find('input[data-prefill-receipt]'))
	}

	/** Keep, or take away, what the registers sign of the form. @param {string} [text] */
	putReceipt(text = '') {
		const { receiptInput } = this
		if (receiptInput) receiptInput.value = text
	}

	detach() {
		const { scope, input } = this
		this.keep()
		stop(this)
		this.abort.abort()
		this.search?.detach()
		this.noticeBox?.remove()
		this.fields.detach()
		this.panel.detach()
		if (input) {
			if (this.maxLength) input.setAttribute('maxlength', this.maxLength)
			for (const name of ['aria-invalid', 'role', 'aria-expanded', 'aria-autocomplete']) input.removeAttribute(name)
		}
		delete scope.dataset.prefillState
		scope.removeAttribute('aria-busy')
	}

	/** What happened in the block. @param {Event} event */
	onEvent(event) {
		const { fields } = this
		const target = /** @type {HTMLElement} */ (event.composedPath()[0] || event.target)
		const left = event.type === 'focusout'
		const done = event.type === 'change'
		if (target === this.input) {
			if (left) return
			expectNotice(this)
			if (!done) this.attempt = 0
			return typed(this, done)
		}
		const held = fields.fieldOf(target) ? target : event.target
		if (left) setTimeout(() => fields.left(held))
		else fields.edited(held, done)
	}
}
