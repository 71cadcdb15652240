/** The input of the number: what is typed there, and what follows from it. */

import { set } from './adapters.js'
import { admitted, failed, planRetry, stop } from './filling.js'
import { grouped, identify } from './identifiers.js'
import { anchorOf, make, newId } from './kits.js'
import { readNotice } from './notice.js'
import { parts } from './parts.js'
import { adoptStyles } from './styles.js'
import { askJson, PrefillError } from './transport.js'

/** @typedef {import('./block.js').Block} Block */

const SEARCH_DELAY = 250
const NUMBER_DELAY = 600
/** A SIREN and the place of one of its establishments. */
const WITH_PLACE = /^(\d{3} ?\d{3} ?\d{3})\s+(\S{2}.*)/
export const COMBOBOX = { role: 'combobox', 'aria-expanded': 'false', 'aria-autocomplete': 'list' }

/** Services that answered that they have no search, by address. @type {Set<string | undefined>} */
const without = new Set()

/** @param {Block} block Whether names may be typed there. */
const searches = ({ place, input }) => {
	const { search, url } = place.options()
	return search !== false && input.type !== 'number' && !without.has(url)
}

/** @param {Block} block */
export function prepareInput(block) {
	const { input } = block
	const { signal } = block.abort
	block.maxLength = input.getAttribute('maxlength')
	input.removeAttribute('maxlength')
	if (block.place.options().search === false) input.inputMode ||= 'numeric'
	if (searches(block)) {
		for (const [name, value] of Object.entries(COMBOBOX)) input.setAttribute(name, value)
		input.autocomplete ||= 'off'
	}
	input.addEventListener('keydown', event => press(block, event), { signal })
	input.addEventListener('focus', () => prepare(block), { signal })
	input.addEventListener('blur', () => leave(block), { signal })
	input.form?.addEventListener('formdata', event => sendBare(input, event.formData), { signal })
}

/** What the last digit need not wait for, done while the first ones are typed. @param {Block} block */
function prepare(block) {
	readNotice(block).catch(() => {})
	setTimeout(() => block.job || block.fields.look())
}

/** @param {Block} block */
function leave({ search, job, fields }) {
	search?.close()
	if (!job) fields.look(false)
}

/** @param {Block} block @param {KeyboardEvent} event */
function press(block, event) {
	if (event.isComposing || block.search?.key(event) || event.key !== 'Enter') return
	// Enter chooses the company: it never sends a form that is half filled in.
	event.preventDefault()
	typed(block, true)
}

/** @param {HTMLInputElement} input */
const formats = input => input.dataset.prefillFormat !== undefined

/** Grouped numbers are sent bare, each at its place. @param {HTMLInputElement} input @param {FormData} data */
function sendBare(input, data) {
	const { name } = input
	if (!formats(input) || !name) return
	const entries = [...data]
	for (const [key] of entries) data.delete(key)
	for (const [key, value] of entries)
		data.append(key, /** @type {any} */ (key === name && typeof value === 'string' ? identify(value).value : value))
}

/** @param {Block} block @param {string} number */
export function normalise({ input }, number) {
	const written = formats(input) ? grouped(number) : number
	if (input.value !== written) set(input, 'value', written, ['input', 'change'])
}

/** The number's input changed. @param {Block} block @param {boolean} done Whether the candidate left it, or pressed Enter. */
export function typed(block, done) {
	const { fields, search } = block
	const identity = identify(block.input.value)
	const { kind, value } = identity
	const key = `${kind} ${value}`
	if (key !== block.handled) {
		block.handled = key
		stop(block)
		search?.close()
		block.undone = undefined
		fields.stale = !!fields.company && value !== fields.company
		if (fields.stale) fields.settle()
	} else if (!done || /^(siret|empty)$/.test(kind) || search?.list || block.job || fields.company === value) return
	act(block, identity, done)
}

/** @param {Block} block @param {import('./identifiers.js').Identity} identity @param {boolean} done */
function act(block, { kind, value, valid }, done) {
	const { words } = block
	if (kind === 'siret') return valid ? block.fill(value) : wrong(block, words.wrong)
	const company = kind === 'siren' || kind === 'vat'
	if (done) {
		if (kind === 'partial' && !/\D/.test(value)) return wrong(block, words.length(value.length))
		if (kind === 'partial' || (company && !valid)) return wrong(block, words.wrongNumber)
		if (company) return block.fill(value.slice(-9))
	}
	const looks = valid && searches(block)
	if (kind === 'rna' && !looks) return block.fill(value)
	const [, siren, place] = (kind === 'name' && WITH_PLACE.exec(value)) || []
	rest(block, done && kind !== 'empty' && valid && !looks ? words.typeNumber : '')
	if (!looks) return
	clearTimeout(block.timer)
	const [path, q] = company ? [value.slice(-9)] : siren ? [siren.replace(/ /g, ''), place] : ['', value]
	block.timer = setTimeout(
		() => look(block, path ? `companies/${path}/establishments` : 'companies', q),
		company ? NUMBER_DELAY : done ? 0 : SEARCH_DELAY,
	)
}

/** @param {Block} block @param {string} sentence */
function wrong(block, sentence) {
	block.input.setAttribute('aria-invalid', 'true')
	block.become('error', sentence, 'error')
}

/** Nothing to look for: the form as it is. @param {Block} block @param {string} [sentence] */
export function rest(block, sentence = '') {
	block.input?.removeAttribute('aria-invalid')
	if (block.fields.stale && block.fields.counts().foreign.length) leftOver(block)
	else block.become('idle', sentence)
}

/** The form holds values of a company that the number no longer names. @param {Block} block */
export function leftOver(block) {
	const { words, fields } = block
	const act = () => {
		for (const field of fields.counts().foreign) fields.revert(field)
		fields.revertAll()
		block.putReceipt()
		fields.stale = false
		rest(block)
		block.keep()
		block.input?.focus()
	}
	block.become('stale', words.stale(fields.company), 'warning', [{ name: 'remove', text: words.removeAll, act }])
}

/**
 * Look for companies, or for the establishments of one, and offer them in a list.
 * @param {Block} block @param {string} path @param {string} [q]
 */
export async function look(block, path, q) {
	const { place, input } = block
	const { url } = place.options()
	const job = (block.job = new AbortController())
	block.become('searching', block.words.looking)
	try {
		if (!(await admitted(block, () => look(block, path, q)))) return
		const request = { ...block.request(), q, ...(path === 'companies' && { limit: 8 }), signal: job.signal }
		const [found, Search] = await Promise.all([askJson(path, request, ['q', 'limit', 'tenant']), parts.search()])
		if (job !== block.job) return
		block.job = undefined
		const { retryAfter, companies, establishments } = found
		// Nothing for want of calls is not nothing.
		if (retryAfter && !(companies || establishments).length)
			throw Object.assign(new PrefillError(undefined, retryAfter), { sentence: block.words.spent })
		// An association without SIREN is in no list.
		if (!(companies || establishments).length && identify(input.value).kind === 'rna') return block.fill()
		block.search ||= new Search(block, { make, newId, anchorOf, adoptStyles, grouped, set, look })
		block.search.show(found)
		if (retryAfter) planRetry(block, retryAfter, true)
	} catch (fault) {
		if (job.signal.aborted) return
		const { status, code } = fault.problem || {}
		if (!fault.missing && (status !== 404 || code === 'company_unknown')) return failed(block, fault, block.handled)
		block.job = undefined
		without.add(url)
		for (const name of Object.keys(COMBOBOX)) input.removeAttribute(name)
		const { kind } = identify(input.value)
		if (kind === 'rna') return block.fill()
		rest(block, /^(siren|vat)$/.test(kind) ? '' : block.words.typeNumber)
	}
}
