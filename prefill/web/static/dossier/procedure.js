// The page at /dossiers: the candidates of one procedure, a row each, filled as the registers answer within the quota.

import { call, refusalOf, signedIn } from './api.js'
import { toCsv } from './csv.js'
import { downloadMade } from './documents.js'
import { announce, byId, make } from './dom.js'
import { duration, moment } from './format.js'
import { badge } from './proofs.js'
import { forgetReceived, setUpReceipt } from './receipt.js'
import { setUpSignIn, signInAgain, signInSettled } from './signin.js'
import { messageTo, nameOf, triage, urgency } from './triage.js'

/**
 * @typedef {import('./triage.js').Dossier} Dossier
 * @typedef {object} Candidate
 * @property {string} siret
 * @property {'waiting' | 'asking' | 'done' | 'failed'} state
 * @property {Dossier} [dossier]
 * @property {string} [problem]
 * @property {number} [tries]
 */

const MAX_CANDIDATES = 50
const AT_ONCE = 2
const MAX_TRIES = 5
const MAX_THROTTLED = 30 // tries of a candidate whose registers wait for their quota
const DEFAULT_WAIT = 20 // seconds
const RESTART_WAIT = 5 // seconds
const LONGEST_WAIT = 60 // seconds: a quota is of a minute
const KEPT = 'prefill.procedure'
// The progress, without the key, for this tab and until it closes: a reload of fifty candidates must cost no call again.
const tab = window.sessionStorage

/** @type {{ object: string, before: string, candidates: Candidate[] }} */
let procedure = { object: '', before: '', candidates: [] }
/** @type {AbortController} */
let running = new AbortController()
/** When those that wait for a quota may be asked again, in milliseconds: every row is asked once before any is twice. */
let resumeAt = 0

/**
 * Read the numbers of a text: one a line, or the cells of a CSV that look like one.
 *
 * @param {string} text
 * @returns {string[]} Each once, in their order.
 */
export const readNumbers = text => {
	const joined = text.replace(/(?<=\d)[ .\u00a0\u202f](?=\d)/g, '').toUpperCase()
	return [...new Set(joined.match(/(?<![\dA-Z])W\d[\dA-Z]\d{7}(?!\d)|(?<!\d)(?:\d{14}|\d{9})(?!\d)/g) || [])]
}

const begin = async () => {
	const numbers = readNumbers(byId('sirets').value)
	byId('problem').hidden = true
	await signInSettled()
	if (!byId('problem').hidden) return
	const object = byId('object').value.trim()
	const refusal = !signedIn()
		? 'Connectez-vous, ou présentez votre clé d’agent.'
		: !object
			? 'Indiquez la procédure.'
			: !numbers.length
				? 'Aucun numéro lisible : un SIRET (14 chiffres), un SIREN (9) ou un numéro RNA (W et 9 caractères) par ligne.'
				: numbers.length > MAX_CANDIDATES
					? `${numbers.length} candidats : ${MAX_CANDIDATES} au plus à la fois. Consultez les autres dans un second onglet.`
					: ''
	if (refusal) {
		refuse(refusal)
		return
	}
	const known = new Map(procedure.object === object ? procedure.candidates.map(one => [one.siret, one]) : [])
	followArchive('')
	procedure = {
		object,
		before: byId('before').value,
		candidates: numbers.map(siret => known.get(siret) || { siret, state: 'waiting' }),
	}
	resume()
}

const resume = () => {
	running.abort()
	running = new AbortController()
	for (const one of procedure.candidates) if (one.state === 'asking') one.state = 'waiting'
	keep()
	show()
	for (let place = 0; place < AT_ONCE; place++) work(running.signal)
}

/**
 * Ask for the candidates that wait, one after the other.
 *
 * @param {AbortSignal} signal
 */
const work = async signal => {
	for (;;) {
		const next = nextCandidate()
		if (!next || signal.aborted || !signedIn()) return
		if (next.tries && Date.now() < resumeAt) {
			await pause((resumeAt - Date.now()) / 1000, signal)
			continue
		}
		next.state = 'asking'
		show()
		const wait = await ask(next, signal)
		if (signal.aborted) return
		keep()
		show()
		if (wait) await pause(wait, signal)
	}
}

/** The one that was asked the least, the first of them. */
const nextCandidate = () =>
	procedure.candidates
		.filter(one => one.state === 'waiting')
		.reduce((least, one) => (!least || (one.tries || 0) < (least.tries || 0) ? one : least), null)

/**
 * @param {Candidate} candidate
 * @param {AbortSignal} signal
 * @returns {Promise<number>} Seconds to wait before the next call.
 */
const ask = async (candidate, signal) => {
	try {
		const path = `/v1/dossiers/${candidate.siret}?${new URLSearchParams({ object: procedure.object })}`
		const response = await call(path, 'application/json', signal)
		if (!response.ok) return await refused(candidate, response)
		candidate.dossier = await response.json()
		settle(candidate)
		return 0
	} catch {
		if (!signal.aborted) unanswered(candidate)
		return 0
	}
}

/**
 * The service did not answer: it may be starting again.
 *
 * @param {Candidate} candidate
 */
const unanswered = candidate => {
	candidate.tries = (candidate.tries || 0) + 1
	fail(candidate, 'Le service ne répond pas.')
	if (candidate.tries >= MAX_TRIES) return
	candidate.state = 'waiting'
	resumeAt = Date.now() + RESTART_WAIT * 1000
}

/** @param {Candidate} candidate */
const settle = candidate => {
	candidate.problem = undefined
	candidate.tries = (candidate.tries || 0) + 1
	const throttled = Object.values(/** @type {any} */ (candidate.dossier).sources || {}).filter(
		(/** @type {any} */ source) => source.cause === 'throttled',
	)
	candidate.state = throttled.length && candidate.tries < MAX_THROTTLED ? 'waiting' : 'done'
	if (candidate.state === 'done') return
	const waits = throttled.map((/** @type {any} */ source) => source.retryAfter || DEFAULT_WAIT)
	resumeAt = Date.now() + Math.min(...waits, LONGEST_WAIT) * 1000
}

/**
 * @param {Candidate} candidate
 * @param {Response} response
 * @returns {Promise<number>}
 */
const refused = async (candidate, response) => {
	const fault = await refusalOf(response)
	const wait = Number(response.headers.get('Retry-After')) || 0
	candidate.tries = (candidate.tries || 0) + 1
	if (wait && candidate.tries < MAX_TRIES) {
		candidate.state = 'waiting'
		return wait
	}
	fail(candidate, fault.message)
	if (response.status === 401) {
		candidate.state = 'waiting'
		running.abort()
		signInAgain()
		refuse(fault.message)
	}
	return 0
}

/**
 * @param {Candidate} candidate
 * @param {string} problem
 */
const fail = (candidate, problem) => {
	candidate.state = 'failed'
	candidate.problem = problem
}

/**
 * @param {number} seconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
const pause = (seconds, signal) =>
	new Promise(done => {
		const timer = setTimeout(done, seconds * 1000)
		signal.addEventListener('abort', () => {
			clearTimeout(timer)
			done()
		})
	})

/** Keep the progress for this tab alone: a reload goes on from it, closing the tab or forgetting the key ends it. */
const keep = () => tab.setItem(KEPT, JSON.stringify(procedure))

/**
 * @typedef {{ candidate: Candidate, triage: import('./triage.js').Triage | null }} Row
 * @type {Record<string, (one: Row, other: Row) => number>}
 */
const ORDERS = {
	urgency: (one, other) => rank(other) - rank(one),
	end: (one, other) => (one.triage?.soonest || '9').localeCompare(other.triage?.soonest || '9'),
	name: (one, other) => nameOfRow(one).localeCompare(nameOfRow(other), 'fr'),
	given: () => 0,
}

/** @param {Row} row */
const rank = row => (row.triage ? urgency(row.triage) : row.candidate.state === 'failed' ? 0.4 : -1)

/** @param {Row} row */
const nameOfRow = ({ candidate }) => (candidate.dossier ? nameOf(candidate.dossier) : candidate.siret)

/** @returns {Row[]} */
const rowsShown = () => {
	const filter = byId('filter').value
	const found = procedure.candidates.map(candidate => ({
		candidate,
		triage: candidate.dossier ? triage(candidate.dossier, procedure.before) : null,
	}))
	return found
		.filter(({ candidate, triage: one }) => {
			if (filter === 'todo') return one === null || urgency(one) > 0.5
			if (filter === 'unavailable') return candidate.state === 'failed' || Boolean(one?.unavailable.length)
			return true
		})
		.sort(ORDERS[byId('order').value])
}

const show = () => {
	const { candidates } = procedure
	const done = candidates.filter(one => one.state === 'done' || one.state === 'failed').length
	byId('results').hidden = !candidates.length
	byId('procedure').textContent = `Procédure ${procedure.object}`
	byId('rows').replaceChildren(...rowsShown().map(({ candidate, triage: found }) => row(candidate, found)))
	announce(candidates.length ? `${done} candidat${done > 1 ? 's' : ''} sur ${candidates.length}.` : '')
}

/**
 * @param {Candidate} candidate
 * @param {import('./triage.js').Triage | null} found
 */
const row = (candidate, found) => {
	const name = candidate.dossier ? nameOf(candidate.dossier) : candidate.siret
	const link = make('a', { href: deepLink(candidate.siret) }, name)
	const message = candidate.dossier ? messageTo(candidate.dossier, procedure.object) : ''
	const copy = message ? make('button', { type: 'button', class: 'quiet' }, 'Copier le message') : null
	copy?.addEventListener('click', () => copyText(message))
	return make(
		'tr',
		{ 'data-siret': candidate.siret, role: 'row' },
		make('th', { scope: 'row', role: 'rowheader' }, link, make('span', { class: 'who' }, candidate.siret)),
		list('À lire', found && [...found.mentions, ...found.toRead], 'bad'),
		list('À demander', found?.toAsk, 'ask'),
		list('Expire', found?.expiring, 'watch'),
		list('Indisponible', found?.unavailable, 'none', found?.retryIn ? `Revenir dans ${duration(found.retryIn)}.` : ''),
		make('td', { role: 'cell' }, make('span', { class: 'state' }, stateOf(candidate, found)), copy),
	)
}

/**
 * The cell of a column, empty when there is nothing to say. Its roles hold where a phone shows rows as blocks.
 *
 * @param {string} column
 * @param {string[] | null | undefined} items
 * @param {any} tone
 * @param {string} [note]
 */
const list = (column, items, tone, note) =>
	make(
		'td',
		{ role: 'cell' },
		items?.length ? make('span', { class: 'column', 'aria-hidden': 'true' }, column) : null,
		items?.length ? badge(tone, String(items.length)) : null,
		items?.length ? make('ul', {}, ...items.map(item => make('li', {}, item))) : null,
		note ? make('p', { class: 'hint' }, note) : null,
	)

/**
 * @param {Candidate} candidate
 * @param {import('./triage.js').Triage | null} found
 */
const stateOf = (candidate, found) => {
	if (candidate.state === 'failed') return candidate.problem
	if (candidate.state === 'asking') return 'Les registres sont interrogés…'
	if (candidate.state === 'waiting')
		return candidate.problem || (candidate.tries ? 'En attente du quota' : 'En attente')
	if (!candidate.dossier.complete) return 'Un registre au moins n’a pas répondu'
	return found && urgency(found) > 0 ? 'À traiter' : 'Tous les registres ont répondu'
}

/**
 * The fragment is sent to no server and stands in no log.
 *
 * @param {string} siret
 */
const deepLink = siret => `/dossier#${new URLSearchParams({ siret, object: procedure.object })}`

/** @param {string} text */
const copyText = async text => {
	await navigator.clipboard.writeText(text)
	announce('Le message est copié : collez-le, relisez-le, envoyez-le.')
}

/** The table as it is shown, the heading first. */
const table = () => {
	const heading = ['Candidat', 'SIRET', 'À lire', 'À demander', 'Expire', 'Indisponible', 'État']
	const lines = rowsShown().map(({ candidate, triage: found }) => [
		candidate.dossier ? nameOf(candidate.dossier) : '',
		`n° ${candidate.siret}`,
		[...(found?.mentions || []), ...(found?.toRead || [])].join(' / '),
		(found?.toAsk || []).join(' / '),
		(found?.expiring || []).join(' / '),
		(found?.unavailable || []).join(' / '),
		stateOf(candidate, found),
	])
	return [heading, ...lines]
}

const exportCsv = () => {
	const file = new Blob([toCsv(table())], { type: 'text/csv' })
	const link = /** @type {HTMLAnchorElement} */ (make('a', { download: 'candidats.csv' }))
	link.href = URL.createObjectURL(file)
	link.click()
	setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

/** The archive that the next click asks for: the quota of downloads may take several minutes for fifty candidates. */
let nextArchive = ''

const exportZip = async () => {
	const sirets = procedure.candidates.map(one => one.siret)
	const body = { sirets, object: procedure.object, ...(nextArchive ? { from: nextArchive } : {}) }
	followArchive((await fetchMade('/v1/procedures/documents.zip', body, byId('zip'), nextArchive)) || '')
}

/** @param {string} next */
const followArchive = next => {
	nextArchive = next
	byId('zip').textContent = next ? 'La suite des documents (ZIP)' : 'Tous les documents (ZIP)'
}

/**
 * @param {string} path
 * @param {object} body
 * @param {any} button
 * @param {string} otherwise What to return when it is refused.
 */
const fetchMade = async (path, body, button, otherwise = '') => {
	button.disabled = true
	byId('problem').hidden = true
	try {
		return await downloadMade(path, body, announce)
	} catch (fault) {
		announce('')
		refuse(fault.message)
		if (fault.status === 401) signInAgain()
		return otherwise
	} finally {
		button.disabled = false
		button.focus()
	}
}

/** @param {string} message */
const refuse = message => {
	byId('problem').textContent = message
	byId('problem').hidden = false
}

const goOn = () => {
	byId('problem').hidden = true
	if (procedure.candidates.some(one => one.state === 'waiting' || one.state === 'asking')) resume()
}

const forget = () => {
	running.abort()
	tab.removeItem(KEPT)
	forgetReceived()
	procedure = { object: '', before: '', candidates: [] }
	show()
	byId('key').focus()
}

const restore = () => {
	const kept = tab.getItem(KEPT)
	if (!kept) return
	procedure = JSON.parse(kept)
	byId('object').value = procedure.object
	byId('before').value = procedure.before
	byId('sirets').value = procedure.candidates.map(one => one.siret).join('\n')
	show()
	if (procedure.candidates.some(one => one.state !== 'done' && one.state !== 'failed')) {
		announce('Connectez-vous de nouveau, ou présentez votre clé : la consultation reprend où elle en était.')
	}
}

byId('ask').addEventListener('submit', (/** @type {Event} */ event) => {
	event.preventDefault()
	begin()
})
byId('file').addEventListener('change', async () => {
	const [file] = byId('file').files
	if (file) byId('sirets').value = readNumbers(await file.text()).join('\n')
})
byId('fill')?.addEventListener('click', () => {
	byId('sirets').value = byId('samples').textContent.trim().replace(/\s+/g, '\n')
	byId('object').value ||= '2026-TRX-014'
})
byId('before').addEventListener('change', () => {
	procedure.before = byId('before').value
	show()
})
byId('filter').addEventListener('change', show)
byId('order').addEventListener('change', show)
byId('csv').addEventListener('click', exportCsv)
byId('xlsx').addEventListener('click', () => {
	fetchMade('/v1/procedures/table.xlsx', { object: procedure.object, rows: table() }, byId('xlsx'))
})
byId('zip').addEventListener('click', exportZip)
addEventListener('beforeprint', () => {
	byId('printed').textContent = `Établi le ${moment(new Date())} par prefill, d’après les registres nommés.`
})
byId('print').addEventListener('click', () => window.print())
byId('again').addEventListener('click', () => {
	for (const one of procedure.candidates) {
		if (one.state === 'failed' || (one.dossier && !one.dossier.complete)) {
			one.state = 'waiting'
			one.tries = 0
		}
	}
	if (signedIn()) resume()
	else refuse('Connectez-vous, ou présentez votre clé d’agent.')
})
// What a page that goes away was asking has not failed: it goes on when the page comes back.
addEventListener('pagehide', () => running.abort())
addEventListener('pageshow', event => {
	if (event.persisted && signedIn()) goOn()
})
restore()
setUpReceipt()
setUpSignIn({ opened: goOn, closed: forget, refused: refuse })
