/** One number and the fields that it fills: a form, or one member of a group in it. */

import { isWriting, set } from './adapters.js'
import { hasLate, isOutage, longestWait } from './answers.js'
import { Combobox } from './combobox.js'
import { Fields, labelOf } from './fields.js'
import { grouped, identify } from './identifiers.js'
import { kitOf } from './kits.js'
import { nearest } from './matching.js'
import { recall, remember } from './memory.js'
import { drawNotice, needsConsent, noticeOf } from './notice.js'
import { Panel } from './panel.js'
import { canSearch, companyOption, establishmentOption, findCompanies, findEstablishments } from './search.js'
import { sentencesIn } from './sentences.js'
import { adoptStyles } from './styles.js'
import { ask, delayOf, pause } from './transport.js'
import { warn } from './warnings.js'

/** @typedef {'idle' | 'searching' | 'choosing' | 'filling' | 'done' | 'partial' | 'stale' | 'blocked' | 'error'} State */
/** @typedef {import('./kits.js').Severity} Severity @typedef {import('./panel.js').Action} Action */
/**
 * @typedef {object} Options What `attach` takes; the attributes of the block say the same.
 * @property {string} [siret] Selector of the number. @property {Record<string, string> | Record<string, string>[]} [map]
 * @property {string} [schema] @property {string} [url] @property {string} [tenant] @property {string} [with]
 * @property {string} [fields] @property {string} [lang] @property {string} [kit] @property {string[][]} [synonyms]
 * @property {boolean} [search]
 */

const SEARCH_DELAY = 250
const NUMBER_DELAY = 600
const LATE_DELAY = 4e3
const AUTOMATIC_RETRIES = 3
const CLOSING = /^(establishment_closed|establishment_closing|unit_ceased|struck_off|association_dissolved)$/

/** Latest answers by what was asked: a member that comes back has its answer. @type {Map<string, import('./transport.js').Answer>} */
const answers = new Map()

export class Block {
	/** @type {State} */
	state = 'idle'
	/** @type {AbortController | undefined} */
	job = undefined
	/** What was last typed, and dealt with. */
	handled = ''
	/** @type {Set<string>} Names asked for; empty for the whole form. */
	asked = new Set()
	attempt = 0
	retryAt = 0
	sentence = ''
	/** @type {Severity} */
	severity = 'info'
	/** @type {Action[]} */
	extra = []
	/** @type {string[]} */
	notices = []

	/**
	 * @param {object} place
	 * @param {HTMLInputElement | undefined} place.input @param {HTMLElement} place.scope @param {string} place.name
	 * @param {() => [string, HTMLElement][]} place.bindings @param {(selector: string) => HTMLElement | undefined} place.find
	 * @param {() => Options} place.options
	 */
	constructor(place) {
		this.place = place
		this.input = place.input
		this.scope = place.scope
		this.words = sentencesIn(this.language)
		this.kit = kitOf(this.options.kit, this.input)
		adoptStyles(this.scope)
		this.fields = new Fields({
			bindings: place.bindings,
			scope: () => this.scope,
			context: { language: this.language, synonyms: this.options.synonyms || [], t: this.words.t },
			words: this.words,
			kit: this.kit,
			allow: (element, detail) => this.#emit('field', detail, element),
			onChange: () => this.#changed(),
		})
		this.panel = new Panel({
			kit: this.kit,
			words: this.words,
			input: this.input,
			scope: this.scope,
			find: place.find,
			undo: () => this.undo(),
		})
		this.abort = new AbortController()
		this.#prepareInput()
		this.fields.collect()
		this.#restore()
		this.#show()
	}

	/** @returns {Options} */
	get options() {
		return this.place.options()
	}

	get language() {
		const said = this.options.lang || /** @type {HTMLElement | null} */ (this.scope.closest('[lang]'))?.lang
		return /^en/.test(said) ? 'en' : 'fr'
	}

	/** The block took another element, as when a second member came. @param {HTMLElement} scope */
	rescope(scope) {
		if (scope === this.scope) return
		delete this.scope.dataset.prefillState
		this.scope = this.panel.scope = scope
		this.#show()
	}

	// The number ------------------------------------------------------------------------------------------------

	#prepareInput() {
		const { input } = this
		if (!input) return
		this.maxLength = input.getAttribute('maxlength')
		input.removeAttribute('maxlength')
		if (this.options.search === false) input.inputMode ||= 'numeric'
		this.combobox = new Combobox(input, this.kit, value => this.#chosen(value))
		if (this.#searches) this.combobox.announce(true)
		const { signal } = this.abort
		input.addEventListener('keydown', event => this.#key(event), { signal })
		input.addEventListener('focus', () => this.#notice().catch(() => {}), { signal })
		input.addEventListener('blur', () => this.combobox.close(), { signal })
		input.form?.addEventListener('formdata', event => this.#sendBare(event.formData), { signal })
	}

	get #searches() {
		return this.options.search !== false && this.input?.type !== 'number' && canSearch(this.options)
	}

	/** @param {KeyboardEvent} event */
	#key(event) {
		if (event.isComposing || this.combobox.key(event) || event.key !== 'Enter') return
		// Enter chooses the company: it never sends a form that is half filled in.
		event.preventDefault()
		this.typed(true)
	}

	/** Grouped numbers are sent bare, each at its place. @param {FormData} data */
	#sendBare(data) {
		const { name } = this.input
		if (!this.#formats || !name) return
		const entries = [...data].map(
			([key, value]) =>
				/** @type {const} */ ([key, key === name && typeof value === 'string' ? identify(value).value : value]),
		)
		for (const key of new Set(data.keys())) data.delete(key)
		for (const [key, value] of entries) data.append(key, value)
	}

	get #formats() {
		return this.input?.dataset.prefillFormat !== undefined
	}

	/** @param {string} number */
	#normalise(number) {
		const written = this.#formats ? grouped(number) : number
		if (this.input.value !== written) set(this.input, 'value', written, ['input', 'change'])
	}

	/** The number's input changed. @param {boolean} done Whether the candidate left it, or pressed Enter. */
	typed(done) {
		const identity = identify(this.input.value)
		const key = `${identity.kind} ${identity.value}`
		if (key === this.handled && !(done && !/^(siret|empty)$/.test(identity.kind))) return
		if (key === this.handled && (this.combobox.isOpen || this.job || this.fields.company === identity.value)) return
		if (key !== this.handled) {
			this.handled = key
			this.#stop()
			this.combobox.close()
			this.undone = undefined
			this.fields.stale = !!this.fields.company && identity.value !== this.fields.company
			if (this.fields.stale) this.fields.settle()
		}
		this.#act(identity, done)
	}

	/** @param {import('./identifiers.js').Identity} identity @param {boolean} done */
	#act({ kind, value, valid }, done) {
		const { words } = this
		if (kind === 'siret' && valid) return this.fill(value)
		if (kind === 'siret') return this.#wrong(words.wrong)
		if (kind === 'siren' || kind === 'vat') {
			if (!valid) return done ? this.#wrong(words.wrongNumber) : this.#rest()
			const siren = value.slice(-9)
			if (done) return this.fill(siren)
			this.#rest()
			return this.#soon(NUMBER_DELAY, () => this.#places(siren))
		}
		if (kind === 'partial')
			return done ? this.#wrong(/\D/.test(value) ? words.wrongNumber : words.length(value.length)) : this.#rest()
		if (kind === 'empty' || !valid) return this.#rest()
		if (this.#searches) {
			this.#rest()
			return this.#soon(done ? 0 : SEARCH_DELAY, () => this.#companies(value))
		}
		this.#rest(done ? words.typeNumber : '')
	}

	/** @param {string} sentence */
	#wrong(sentence) {
		this.input.setAttribute('aria-invalid', 'true')
		this.#become('error', sentence, 'error')
	}

	/** Nothing to look for: the form as it is. @param {string} [sentence] */
	#rest(sentence = '') {
		this.input?.removeAttribute('aria-invalid')
		if (this.fields.stale && this.fields.counts().foreign.length) return this.#leftOver()
		this.#become('idle', sentence)
	}

	/** The form holds values of a company that the number no longer names. */
	#leftOver() {
		this.#become('stale', this.words.stale(this.fields.company), 'warning', [
			{ name: 'remove', text: this.words.removeAll, act: () => this.#removeAll() },
		])
	}

	#removeAll() {
		for (const field of this.fields.counts().foreign) this.fields.revert(field)
		this.fields.revertAll()
		this.fields.stale = false
		this.#rest()
		this.#keep()
		this.input?.focus()
	}

	/** @param {number} delay @param {() => Promise<void>} act */
	#soon(delay, act) {
		clearTimeout(this.timer)
		this.timer = setTimeout(act, delay)
	}

	// The search ------------------------------------------------------------------------------------------------

	/** @param {string} text */
	async #companies(text) {
		await this.#look(
			signal => findCompanies(text, { ...this.#request(), signal }),
			result => {
				const options = result.companies.map((/** @type {any} */ company) => companyOption(company, this.words))
				this.combobox.open(options, this.words.company)
				return result.partial && options.length ? this.words.more : ''
			},
		)
	}

	/** @param {string} siren */
	async #places(siren) {
		if (!this.#searches) return
		await this.#look(
			signal => findEstablishments(siren, { ...this.#request(), signal }),
			result => {
				const options = result.establishments.map((/** @type {any} */ place) => establishmentOption(place, this.words))
				this.combobox.open(options, this.words.choose)
				return result.partial ? this.words.more : ''
			},
		)
	}

	/**
	 * @param {(signal: AbortSignal) => Promise<Record<string, any> | null>} find
	 * @param {(result: Record<string, any>) => string} open
	 */
	async #look(find, open) {
		const job = (this.job = new AbortController())
		this.#become('searching', this.words.looking)
		try {
			if (!(await this.#admitted())) return
			const result = await find(job.signal)
			if (job !== this.job) return
			this.job = undefined
			if (!result) {
				this.combobox.announce(false)
				const identity = identify(this.input.value)
				return identity.kind === 'siren' || identity.kind === 'vat' ? this.#rest() : this.#rest(this.words.typeNumber)
			}
			const more = open(result)
			const count = this.combobox.options.length
			if (!this.combobox.isOpen) return this.#become('idle', this.words.noResult, 'warning')
			this.#become('choosing', [this.words.results(count), more].filter(Boolean).join('. '))
		} catch (fault) {
			if (job === this.job && !job.signal.aborted) this.#failed(fault, this.handled)
		}
	}

	/** @param {any} value A company, or an establishment. */
	#chosen(value) {
		const only =
			value.openEstablishments === 1 ? value.establishments?.find((/** @type {any} */ place) => !place.closed) : null
		const siret = value.siret || only?.siret
		if (siret) {
			set(this.input, 'value', siret, ['input', 'change'])
			this.handled = `siret ${siret}`
			return this.fill(siret)
		}
		this.handled = `siren ${value.siren}`
		set(this.input, 'value', value.siren, ['input'])
		if (!this.#searches) return this.fill(value.siren)
		this.#places(value.siren)
	}

	// The fill --------------------------------------------------------------------------------------------------

	/** Fill in for a number, typed or given. @param {string} [number] */
	async fill(number = identify(this.input?.value || '').value) {
		number = identify(number).value
		if (!number) return
		this.#stop()
		this.undone = undefined
		if (this.input) {
			if (identify(this.input.value).value !== number || number.length === 14) this.#normalise(number)
			this.handled = `${identify(number).kind} ${number}`
			this.input.removeAttribute('aria-invalid')
		}
		// Whatever comes next, the values of another company do not stay beside this number.
		const { fields } = this
		if (fields.company && fields.company !== number && identify(number).kind === 'siret') this.#leave()
		if (!this.#emit('start', { siret: number })) return this.#rest()
		this.attempt = 0
		await this.#run(number)
	}

	#leave() {
		const { fields } = this
		this.#emit('undo', { siret: fields.company })
		fields.company = ''
		fields.parts = []
		fields.stale = false
		fields.settle()
		this.notices = []
	}

	/** @param {string} number @param {{ quiet?: boolean }} [how] Quietly: the page has the answer already. */
	async #run(number, { quiet = false } = {}) {
		this.#stop()
		const job = (this.job = new AbortController())
		const { fields } = this
		if (fields.company !== number) {
			if (fields.company) this.#leave()
			fields.company = number
			fields.stale = false
			fields.parts = []
		}
		fields.stale = false
		fields.number = number
		if (!quiet) {
			this.#become('searching', this.words.searching(number))
			fields.reserve()
		}
		try {
			if (!(await this.#admitted(() => this.#run(number)))) return
			if (job !== this.job) return
			await this.#receive(number, job)
		} catch (fault) {
			if (job === this.job && !job.signal.aborted) this.#failed(fault, number)
		}
	}

	/** @param {string} number @param {AbortController} job */
	async #receive(number, job) {
		const { fields } = this
		const request = this.#request()
		const names = request.fields ? request.fields.split(',') : []
		this.asked = new Set(names)
		/** @type {((part: import('./transport.js').Answer) => void) | undefined} */
		let onPart = part => {
			if (job !== this.job) return
			fields.parts = [...fields.parts.filter(one => one.source), part]
			fields.settle()
			this.#become('filling', this.words.filling(fields.counts().filled.length, part.answered, part.expected))
		}
		for (;;) {
			const answer = await this.#asking(number, { ...request, signal: job.signal }, onPart)
			if (job !== this.job) return
			this.#complete(number, answer)
			if (!onPart || !hasLate(answer)) break
			// What was late costs nothing a moment later.
			onPart = undefined
			await pause(LATE_DELAY)
			if (job !== this.job) return
		}
		this.job = undefined
	}

	/** @param {string} number @param {import('./transport.js').Request} request @param {any} onPart */
	async #asking(number, request, onPart) {
		try {
			return await ask(number, request, onPart)
		} catch (fault) {
			if (fault.problem?.code !== 'field_unknown' || !request.fields) throw fault
			// A field of the page has a wrong name: the others are filled in all the same.
			this.asked = new Set()
			return ask(number, { ...request, fields: undefined }, onPart)
		}
	}

	/** @param {string} number @param {import('./transport.js').Answer} answer */
	#complete(number, answer) {
		const { fields, words } = this
		fields.parts = [answer]
		this.answer = answer
		answers.set(this.#answerKey(number), answer)
		if (number.length === 9 && answer.siret) this.#settleOn(answer.siret)
		fields.settle()
		this.#checkNames(answer)
		this.notices = (answer.notices || []).map((/** @type {any} */ notice) => notice.message)
		const { filled, missing } = fields.counts()
		const outage = isOutage(answer)
		this.retryAt = 0
		const producers = [...new Set(filled.map(field => field.info.producer))].join(', ')
		const sentence = outage ? words.outage : this.#result(producers)
		const serious = outage
			? 'error'
			: !answer.complete || (answer.notices || []).some((/** @type {any} */ notice) => CLOSING.test(notice.code))
				? 'warning'
				: 'success'
		const state = outage ? 'error' : answer.complete ? 'done' : 'partial'
		if (!this.#emit('done', { siret: fields.company, answer, filled: filled.length, missing: missing.length })) {
			this.state = state
			this.#show()
		} else this.#become(state, sentence, serious, this.#remedies(answer))
		if (!answer.complete) this.#planRetry(longestWait(answer), false)
		this.#keep()
	}

	/** A company was named by its SIREN: from now on by the establishment that answered. @param {string} siret */
	#settleOn(siret) {
		this.fields.rename(siret)
		if (!this.input) return
		this.handled = `siret ${siret}`
		this.#normalise(siret)
	}

	/** @param {string} producers */
	#result(producers) {
		const { filled, missing, confirm } = this.fields.counts()
		if (!filled.length && !missing.length && !confirm.length) return this.words.nothing
		const counts = this.words.counts(filled.length, missing.length, confirm.length)
		return `${grouped(this.fields.company)}${this.words.t(' :', ':')} ${counts}${producers ? ` (${producers})` : ''}.`
	}

	/** What a candidate can do about the answer. @param {import('./transport.js').Answer} answer @returns {Action[]} */
	#remedies(answer) {
		/** @type {Action[]} */
		const actions = []
		for (const notice of answer.notices || []) {
			const { successor, siret } = notice
			if (successor) actions.push({ name: 'successor', text: this.words.successor, act: () => this.fill(successor) })
			else if (siret && siret !== this.fields.company)
				actions.push({ name: 'use', text: this.words.use(siret), act: () => this.fill(siret) })
		}
		return actions
	}

	/** @param {any} fault @param {string} number */
	#failed(fault, number) {
		this.job = undefined
		const { problem, transient = true, retryAfter } = fault
		const refused = problem && [403, 451].includes(problem.status)
		const sentence = problem?.detail || (navigator.onLine === false ? this.words.offline : this.words.silent)
		const said = this.#emit('error', { siret: number, error: fault, problem })
		if (problem?.status === 400) this.input?.setAttribute('aria-invalid', 'true')
		if (said) this.#become(refused ? 'blocked' : 'error', sentence, refused ? 'warning' : 'error')
		else {
			this.state = refused ? 'blocked' : 'error'
			this.#show()
		}
		if (transient) this.#planRetry(retryAfter, true)
		this.#keep()
	}

	/** @param {number | undefined} retryAfter Seconds. @param {boolean} automatic */
	#planRetry(retryAfter, automatic) {
		const again = automatic && this.attempt < AUTOMATIC_RETRIES
		const wait = again ? delayOf(retryAfter, this.attempt) : retryAfter || 0
		this.retryAt = Date.now() + wait * 1e3
		// A wait that the service asks for binds the button too.
		this.earliest = Date.now() + (retryAfter || 0) * 1e3
		this.automatic = again
		clearInterval(this.countdown)
		this.countdown = setInterval(() => this.#tick(), 1e3)
		if (navigator.onLine === false)
			addEventListener('online', () => this.retry(), { once: true, signal: this.#untilStopped() })
		this.#show()
	}

	#untilStopped() {
		this.waiting?.abort()
		this.waiting = new AbortController()
		return this.waiting.signal
	}

	/** @returns {void} */
	#tick() {
		if (Date.now() >= this.retryAt) {
			clearInterval(this.countdown)
			this.countdown = undefined
			if (this.automatic && navigator.onLine !== false) {
				this.attempt++
				return void this.#again()
			}
		}
		this.#show()
	}

	#again() {
		const { kind, value } = identify(this.input?.value || this.fields.company)
		if (/^(siret|siren|vat)$/.test(kind)) return this.#run(kind === 'vat' ? value.slice(-9) : value)
		this.handled = ''
		this.typed(false)
	}

	/** Ask again for the number of the form, not sooner than the service allows. */
	async retry() {
		if (Date.now() < this.earliest) return
		this.attempt = 0
		await this.#again()
	}

	#stop() {
		this.job?.abort()
		this.job = undefined
		this.waiting?.abort()
		clearTimeout(this.timer)
		clearInterval(this.countdown)
		this.countdown = undefined
		this.retryAt = this.earliest = 0
	}

	// The notice ------------------------------------------------------------------------------------------------

	async #notice() {
		const notice = await noticeOf(this.#request())
		this.pendingNotice = notice && !this.noticeBox ? notice : undefined
		return notice
	}

	/** Show what must be told before the first call. @param {import('./notice.js').NoticeText} notice @param {() => void} [then] */
	#tell(notice, then) {
		this.onConsent = then
		if (this.noticeBox) return
		this.noticeBox = drawNotice(notice, this.kit, this.words, () => this.onConsent?.())
		const slot = this.place.find('[data-prefill-notice]')
		if (slot) slot.append(this.noticeBox)
		else this.panel.actions.after(this.noticeBox)
		this.pendingNotice = undefined
	}

	/** Whether the first call may be made. @param {() => void} [then] What waits for consent. */
	async #admitted(then) {
		const notice = await this.#notice()
		if (notice) this.#tell(notice, then)
		if (!needsConsent(notice)) return true
		this.#become('blocked', this.words.consent, 'warning')
		return false
	}

	// Undo, redo, memory ----------------------------------------------------------------------------------------

	undo() {
		const { fields } = this
		const number = fields.company
		this.#stop()
		if (number) this.undone = { number, parts: fields.parts }
		fields.revertAll()
		this.notices = []
		this.#emit('undo', { siret: number })
		this.#become(
			'idle',
			this.words.undone,
			'info',
			this.undone ? [{ name: 'redo', text: this.words.redo, act: () => this.redo() }] : [],
		)
		this.#keep()
		this.input?.focus()
	}

	/** @returns {void} */
	redo() {
		if (!this.undone) return
		const { number, parts } = this.undone
		this.undone = undefined
		// What was undone before the end is asked again.
		if (!parts.at(-1)?.sources) return void this.#run(number)
		this.fields.company = number
		this.fields.parts = parts
		this.fields.reserve()
		this.#complete(number, parts.at(-1))
	}

	/** Give one field back. @param {string | HTMLElement} [field] Its name, or an element; without it, all of them. */
	revert(field) {
		if (!field) return this.undo()
		const found = this.fields.fieldOf(field)
		if (found) this.fields.revert(found)
		this.#keep()
	}

	/** Forget everything: the form was emptied. */
	reset() {
		this.#stop()
		this.fields.forget()
		this.handled = ''
		this.notices = []
		this.undone = undefined
		this.fields.stale = false
		this.#emit('undo', { siret: '' })
		this.#rest()
		this.#keep()
	}

	/** Look at the page again: fields came or went. */
	refresh() {
		const { fields } = this
		const came = fields.collect()
		if (!came || !fields.company) return
		if (Object.keys(fields.saved).length || fields.parts.length) fields.settle()
		const unknown = fields.names.some(name => this.asked.size && !this.asked.has(name))
		const lost =
			!fields.parts.length &&
			fields.live.some(field => !field.written && field.edited === undefined && field.adapter.isEmpty())
		if ((unknown || lost) && !this.job && !fields.stale && /^(done|partial)$/.test(this.state))
			this.#run(fields.company, { quiet: true })
	}

	#restore() {
		const { fields, input } = this
		const { kind, value, valid } = identify(input?.value || '')
		const saved = recall(this.place.name, value)
		const known = kind === 'siret' && valid ? value : ''
		if (saved) fields.recall(saved)
		if (known) this.handled = `siret ${known}`
		if (!saved) {
			if (known) fields.adopt(known)
			return
		}
		const answer = answers.get(this.#answerKey(saved.number))
		if (answer) fields.parts = [answer]
		this.asked = new Set(Object.keys(saved.fields).map(key => key.replace(/#\d+$/, '')))
		// Nothing moves in a page that is already seen: notes come with the next thing that the candidate does.
		fields.quiet = performance.getEntriesByName('first-contentful-paint').length > 0
		if (fields.quiet) this.#whenUsed(() => fields.reserve())
		if (!fields.live.some(field => field.written)) {
			fields.company = ''
			fields.number = known || saved.number
			return fields.settle()
		}
		fields.stale = saved.number !== value
		if (known && fields.stale) {
			this.#leave()
			fields.company = ''
			return this.#become('stale', this.words.changed, 'warning', [
				{ name: 'fill', text: this.words.fill, act: () => this.fill(known) },
			])
		}
		fields.settle()
		if (fields.stale) return this.#leftOver()
		this.#become('done', `${this.#result(this.words.restored)}`, 'success')
	}

	/** Browsers put values back late: look again, while nobody has done anything. */
	reconsider() {
		if (this.state === 'idle' && !this.fields.company && !this.job) this.#restore()
	}

	/** @param {() => void} act */
	#whenUsed(act) {
		const used = new AbortController()
		const once = () => {
			used.abort()
			act()
		}
		for (const type of ['pointerdown', 'keydown'])
			this.scope.addEventListener(type, once, { signal: used.signal, once: true })
	}

	#keep() {
		const { fields } = this
		const block = fields.company || fields.number ? fields.export() : undefined
		remember(this.place.name, block && Object.keys(block.fields).length ? block : undefined)
	}

	/** Called before the page is left. */
	keep() {
		this.#keep()
	}

	// Showing ---------------------------------------------------------------------------------------------------

	/** @param {string} type @param {object} detail @param {HTMLElement} [element] */
	#emit(type, detail, element = this.scope) {
		return element.dispatchEvent(
			new CustomEvent(`prefill:${type}`, { bubbles: true, cancelable: true, composed: true, detail }),
		)
	}

	/** @param {State} state @param {string} sentence @param {Severity} [severity] @param {Action[]} [actions] */
	#become(state, sentence, severity = 'info', actions = []) {
		this.sentence = sentence
		this.severity = severity
		this.extra = actions
		this.state = state
		this.#show()
		this.#emit('state', {
			state,
			sentence,
			severity,
			actions: actions.map(({ name, text }) => ({ name, text })),
			siret: this.fields.company,
		})
	}

	/** Fields changed by themselves: the counts too. */
	#changed() {
		if (/^(done|partial)$/.test(this.state) && this.fields.company && !this.job) {
			const { filled } = this.fields.counts()
			this.sentence = this.#result([...new Set(filled.map(field => field.info?.producer))].filter(Boolean).join(', '))
			this.#show()
		}
		this.#keepSoon()
	}

	#keepSoon() {
		clearTimeout(this.keeping)
		this.keeping = setTimeout(() => this.#keep(), 200)
	}

	#show() {
		if (!this.panel) return
		const { state, fields, panel } = this
		this.scope.dataset.prefillState = state
		this.scope.toggleAttribute('aria-busy', false)
		if (/^(searching|filling)$/.test(state)) this.scope.setAttribute('aria-busy', 'true')
		const shown = /^(done|partial|filling|error)$/.test(state) ? this.notices : []
		if (!fields.quiet || state === 'stale') panel.say(this.sentence, this.severity, shown)
		const { ours, filled, missing, confirm } = fields.counts()
		panel.offer(ours.length > 0 || (/^(searching|filling)$/.test(state) && fields.reserved), [
			...this.extra,
			...this.#retryAction(),
		])
		if (fields.quiet) return
		panel.summarise(fields.reserved, [
			{ title: this.words.toConfirm, lines: confirm.map(field => this.#line(field, '')) },
			{ title: this.words.toComplete, lines: missing.map(field => this.#line(field, '')) },
			{
				title: this.words.counts(filled.length, 0, 0),
				lines: filled.map(field => this.#line(field, field.info.producer, true)),
			},
		])
	}

	/** @param {import('./fields.js').Field} field @param {string} detail @param {boolean} [removable] */
	#line(field, detail, removable) {
		return {
			text: labelOf(field.adapter),
			element: field.adapter.element,
			detail,
			remove: removable && !field.adapter.display ? () => this.revert(field.adapter.element) : undefined,
		}
	}

	/** @returns {Action[]} */
	#retryAction() {
		if (!this.retryAt || !/^(error|partial)$/.test(this.state)) return []
		const left = Math.ceil((this.retryAt - Date.now()) / 1e3)
		const bound = Math.ceil((this.earliest - Date.now()) / 1e3) > 0
		return [
			{
				name: 'retry',
				text: left > 0 ? this.words.retryIn(left) : this.words.retry,
				act: () => this.retry(),
				disabled: bound,
			},
		]
	}

	#request() {
		const { schema, url, tenant, with: extra, fields } = this.options
		const names = this.fields?.names || []
		const wanted = fields === '*' ? undefined : fields || names.join(',') || undefined
		return { schema, url, tenant, with: extra, fields: wanted, lang: this.language }
	}

	/** @param {string} number */
	#answerKey(number) {
		const { schema, url, tenant } = this.options
		return [number, schema, url, tenant, this.language].join(' ')
	}

	/** Tell the page's author, once, of names that the form does not have. @param {import('./transport.js').Answer} answer */
	#checkNames(answer) {
		if (this.asked.size) return
		const known = Object.keys(answer.aliases || {})
		for (const name of this.fields.names)
			if (name[0] !== '/' && !known.includes(name)) {
				const meant = nearest(name, known)
				warn(`the form has no field "${name}"${meant ? `: did you mean "${meant}"?` : ''}`)
			}
	}

	detach() {
		this.#keep()
		clearTimeout(this.keeping)
		this.#stop()
		this.abort.abort()
		this.combobox?.detach()
		this.noticeBox?.remove()
		this.fields.detach()
		this.panel.detach()
		if (this.input && this.maxLength) this.input.setAttribute('maxlength', this.maxLength)
		this.input?.removeAttribute('aria-invalid')
		delete this.scope.dataset.prefillState
		this.scope.removeAttribute('aria-busy')
	}

	/** What happened in the block. @param {Event} event */
	onEvent(event) {
		if (isWriting()) return
		const target = /** @type {HTMLElement} */ (event.composedPath()[0] || event.target)
		if (target === this.input) {
			if (this.pendingNotice) this.#tell(this.pendingNotice, this.onConsent)
			return event.type === 'focusout' ? undefined : this.typed(event.type === 'change')
		}
		const held = this.fields.fieldOf(target) ? target : event.target
		if (event.type === 'focusout') setTimeout(() => this.fields.left(held))
		else this.fields.edited(held, event.type === 'change')
	}
}
