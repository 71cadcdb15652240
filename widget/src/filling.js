/** Asking the service for a company and filling in what it answers; what failed, and when to ask again. */

import { hasLate, isOutage, longestWait } from './answers.js'
import { grouped, identify } from './identifiers.js'
import { needsConsent, readNotice, tellNotice } from './notice.js'
import { normalise, typed } from './number.js'
import { ask, delayOf, pause } from './transport.js'
import { warn } from './warnings.js'

/** @typedef {import('./block.js').Block} Block @typedef {import('./transport.js').Answer} Answer */

const LATE_DELAY = 4e3
const AUTOMATIC_RETRIES = 3
const CLOSING = /^(establishment_closed|establishment_closing|unit_ceased|struck_off|association_dissolved)$/

/** Latest answers by what was asked: a member that comes back has its answer. @type {Map<string, Answer>} */
export const answers = new Map()

/** @param {Block} block @param {string} number */
export function answerKey(block, number) {
	const { schema, url, tenant, role } = block.place.options()
	return [number, schema, url, tenant, role, block.language].join(' ')
}

/** Nothing is asked any more, now or later. @param {Block} block */
export function stop(block) {
	block.job?.abort()
	clearTimeout(block.timer)
	clearInterval(block.countdown)
	block.job = undefined
	block.retryAt = block.earliest = 0
}

/** Whether the first call may be made. @param {Block} block @param {() => void} [then] What waits for consent. */
export async function admitted(block, then) {
	const notice = await readNotice(block)
	if (notice) tellNotice(block, notice, then)
	if (!needsConsent(notice)) return true
	block.become('blocked', block.words.consent, 'warning')
	return false
}

/** What came from the company goes, but for what the candidate changed. @param {Block} block */
export function leave(block) {
	const { fields } = block
	block.emit('undo', { siret: fields.company })
	fields.company = ''
	fields.parts = []
	fields.stale = false
	fields.settle()
	block.putReceipt()
	block.notices = []
}

/** @param {Block} block @param {string} number @param {boolean} [quiet] The page has the answer already. */
export async function run(block, number, quiet) {
	const { fields, words } = block
	stop(block)
	const job = (block.job = new AbortController())
	if (fields.company !== number) {
		if (fields.company) leave(block)
		fields.parts = []
	}
	fields.company = fields.number = number
	fields.stale = false
	if (!quiet) {
		fields.reserve()
		block.become('searching', words.searching(number))
	}
	try {
		if (await admitted(block, () => run(block, number))) await receive(block, number, job)
	} catch (fault) {
		if (job === block.job && !job.signal.aborted) failed(block, fault, number)
	}
}

/** @param {Block} block @param {string} number @param {AbortController} job */
async function receive(block, number, job) {
	const { fields, words } = block
	if (job !== block.job) return
	const request = { ...block.request(), signal: job.signal }
	block.asked = new Set(request.fields?.split(','))
	/** @type {((part: Answer) => void) | undefined} */
	let onPart = part => {
		if (job !== block.job) return
		fields.parts = [...fields.parts.filter(one => one.source), part]
		fields.settle(part)
		block.become('filling', words.filling(fields.counts().filled.length, part.answered, part.expected))
	}
	for (;;) {
		const answer = await asking(block, number, request, onPart)
		if (job !== block.job) return
		complete(block, number, answer)
		if (!onPart || !hasLate(answer)) break
		// What was late costs nothing a moment later.
		onPart = undefined
		await pause(LATE_DELAY)
		if (job !== block.job) return
	}
	block.job = undefined
}

/**
 * Ask without the fields that the form does not have: the others of the page are filled in all the same.
 * @param {Block} block @param {string} number @param {import('./transport.js').Request} request @param {any} onPart
 */
async function asking(block, number, request, onPart) {
	for (;;)
		try {
			return await ask(number, request, onPart)
		} catch (fault) {
			const { code, detail, unknownFields = [] } = fault.problem || {}
			const asked = request.fields
			if (code !== 'field_unknown' || !asked) throw fault
			let known = asked.split(',')
			for (const { name, suggestion } of unknownFields) {
				warn(`the form has no field "${name}"${suggestion ? `: did you mean "${suggestion}"?` : ''}`)
				known = known.filter(one => one !== name)
			}
			request.fields = known.join(',')
			if (request.fields !== asked) continue
			// Nothing to leave out: the whole form is asked.
			warn(detail)
			request.fields = ''
		}
}

/** @param {Block} block @param {string} number @param {Answer} answer */
export function complete(block, number, answer) {
	const { fields, words, input } = block
	const { siret, receipt, notices = [] } = answer
	fields.parts = [answer]
	answers.set(answerKey(block, number), answer)
	if (number.length === 9 && siret) {
		// A company was named by its SIREN: from now on by the establishment that answered.
		fields.rename(siret)
		if (input) {
			block.handled = `siret ${siret}`
			normalise(block, siret)
		}
	}
	fields.settle()
	block.putReceipt(receipt)
	block.notices = notices.map((/** @type {any} */ notice) => notice.message)
	block.retryAt = 0
	const outage = isOutage(answer)
	const doubtful = !answer.complete || notices.some((/** @type {any} */ notice) => CLOSING.test(notice.code))
	const { filled, missing } = fields.counts()
	conclude(
		block,
		block.emit('done', { siret: fields.company, answer, filled: filled.length, missing: missing.length }),
		outage ? 'error' : answer.complete ? 'done' : 'partial',
		outage ? words.outage : result(block),
		outage ? 'error' : doubtful ? 'warning' : 'success',
		remedies(block, notices),
	)
	if (!answer.complete) planRetry(block, longestWait(answer), false)
	// Not later: Firefox does not keep what is said when the page is left. Not now: the answer is drawn first.
	setTimeout(() => block.keep())
}

/**
 * @param {Block} block @param {boolean} speaks Whether the page leaves the sentence to the script.
 * @param {import('./block.js').State} state @param {string} sentence @param {import('./kits.js').Severity} severity
 * @param {import('./panel.js').Action[]} [actions]
 */
function conclude(block, speaks, state, sentence, severity, actions) {
	if (speaks) return block.become(state, sentence, severity, actions)
	block.state = state
	block.show()
}

/** The sentence about the fields. @param {Block} block @param {string} [origin] Where they come from. */
export function result({ fields, words }, origin) {
	const { filled, missing, confirm } = fields.counts()
	if (!filled.length && !missing.length && !confirm.length) return words.nothing
	const producers = origin || [...new Set(filled.map(field => field.info.producer))].filter(Boolean).join(', ')
	const counts = words.counts(filled.length, missing.length, confirm.length)
	return `${grouped(fields.company)}${words.t(' :', ':')} ${counts}${producers && ` (${producers})`}.`
}

/** What a candidate can do about the answer. @param {Block} block @param {any[]} notices @returns {import('./panel.js').Action[]} */
const remedies = (block, notices) =>
	notices.flatMap(({ successor, siret }) => {
		const number = successor || siret
		if (!number || number === block.fields.company) return []
		const [name, text] = successor ? ['successor', block.words.successor] : ['use', block.words.use(siret)]
		return [{ name, text, act: () => block.fill(number) }]
	})

/** @param {Block} block @param {any} fault @param {string} number */
export function failed(block, fault, number) {
	const { words } = block
	const { problem, transient = true, retryAfter, sentence } = fault
	const refused = problem && [403, 451].includes(problem.status)
	block.job = undefined
	const speaks = block.emit('error', { siret: number, error: fault, problem })
	if (problem?.status === 400) block.input?.setAttribute('aria-invalid', 'true')
	const told = sentence || problem?.detail || (navigator.onLine === false ? words.offline : words.silent)
	conclude(block, speaks, refused ? 'blocked' : 'error', told, refused || sentence ? 'warning' : 'error')
	if (transient) planRetry(block, retryAfter, true)
	block.keep()
}

/** @param {Block} block @param {number | undefined} retryAfter Seconds. @param {boolean} automatic */
export function planRetry(block, retryAfter = 0, automatic) {
	const again = automatic && block.attempt < AUTOMATIC_RETRIES
	// A wait that the service asks for binds the button too.
	block.earliest = Date.now() + retryAfter * 1e3
	block.retryAt = Date.now() + (again ? delayOf(retryAfter, block.attempt) : retryAfter) * 1e3
	clearInterval(block.countdown)
	block.countdown = setInterval(() => tick(block, again), 1e3)
	if (navigator.onLine === false) {
		const { signal } = block.abort
		addEventListener('online', () => block.retryAt && block.retry(), { once: true, signal })
	}
	block.show()
}

/** @param {Block} block @param {boolean} automatic */
function tick(block, automatic) {
	if (Date.now() < block.retryAt) return block.show()
	clearInterval(block.countdown)
	const { state, search } = block
	// Whoever is choosing in a list that is not whole, or closed it, is left alone.
	const chosen = state === 'choosing' && (!search.list || search.active >= 0)
	if (!automatic || navigator.onLine === false || chosen) return block.show()
	block.attempt++
	again(block)
}

/** @param {Block} block */
export function again(block) {
	const { kind, value } = identify(block.input?.value || block.fields.company)
	if (/^(siret|siren|vat)$/.test(kind) || value === block.fields.company)
		return run(block, kind === 'vat' ? value.slice(-9) : value)
	block.handled = ''
	typed(block, false)
}

/** @param {Block} block @returns {import('./panel.js').Action[]} */
export function retryAction(block) {
	const { retryAt, earliest, state, words } = block
	if (!retryAt || !/^(error|partial)$/.test(state)) return []
	const left = Math.ceil((retryAt - Date.now()) / 1e3)
	const text = left > 0 ? words.retryIn(left) : words.retry
	return [{ name: 'retry', text, act: () => block.retry(), disabled: Date.now() < earliest }]
}
