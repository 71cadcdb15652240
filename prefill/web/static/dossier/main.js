// The page at /dossier: an agent signs in, asks for a company, and reads its proofs as the registers answer.

import { call, followStream, refusalOf, signedIn } from './api.js'
import { download } from './documents.js'
import { announce, byId, make } from './dom.js'
import { downloadDume, forgetDume } from './espd.js'
import { day, moment, written } from './format.js'
import { badge, row } from './proofs.js'
import { forgetReceived, setUpReceipt } from './receipt.js'
import { forgetLink, setUpSignIn, signInAgain, signInSettled, useKey } from './signin.js'
import { messageTo, whatAnswered } from './triage.js'

/** @typedef {import('./proofs.js').Proof & { theme: string }} ThemedProof */

const THEMES = ['general', 'financial', 'social_and_tax', 'certificates', 'intellectual_property', 'others']
const HIDDEN_AT_FIRST = ['problem', 'dossier', 'overview', 'zip', 'notices', 'expiring', 'mentions', 'todo', 'message']
const EMPTIED = ['themes', 'identity', 'counts', 'notices', 'expiring-list', 'mentions-list', 'todo-list']

/** @type {{ siret: string, object: string, all: boolean, named: string[] }} */
let asked = null
/** @type {AbortController} */
let running = null
/** @type {string | null} */
let nextArchive = null
/** @type {Map<string, ThemedProof>} */
let proofs = new Map()
/** @type {Map<string, string>} */
let themes = new Map()

const query = () =>
	new URLSearchParams({
		object: asked.object,
		...(asked.all ? { all: '1' } : {}),
		...(asked.named.length ? { with: asked.named.join(',') } : {}),
	})

/** @param {string[]} [named] The sources that are queried only because the agent asks for them. */
const ask = async (named = []) => {
	running?.abort()
	running = new AbortController()
	const own = running
	asked = { siret: byId('siret').value.trim(), object: byId('object').value.trim(), all: byId('all').checked, named }
	proofs = new Map()
	themes = new Map()
	clear()
	announce('Les registres sont interrogés…')
	byId('dossier').setAttribute('aria-busy', 'true')
	try {
		const path = `/v1/dossiers/${encodeURIComponent(asked.siret)}?${query()}`
		const response = await call(path, 'text/event-stream', own.signal)
		if (!response.ok) throw await refusalOf(response)
		await followStream(response, { proofs: showProgress, done: showWhole })
	} catch (fault) {
		if (!own.signal.aborted) refuse(fault)
	} finally {
		if (own === running) byId('dossier').setAttribute('aria-busy', 'false')
	}
}

const clear = () => {
	for (const id of HIDDEN_AT_FIRST) byId(id).hidden = true
	for (const id of EMPTIED) byId(id).replaceChildren()
	reportFile('')
	forgetDume()
	followArchive(null)
}

/** @param {any} fault */
const refuse = fault => {
	announce('')
	byId('problem').textContent = fault.message || 'Le service ne répond pas : réessayez plus tard.'
	byId('problem').hidden = false
	if (fault.status === 401) signInAgain()
}

/** @param {any} body */
const showProgress = body => {
	showKnown(body)
	announce(`${body.answered} registre${body.answered > 1 ? 's ont' : ' a'} répondu sur ${body.expected}…`)
}

/** @param {any} body */
const showWhole = body => {
	proofs = new Map() // in the order of the whole answer, not of arrival
	showKnown(body)
	showNotices(body.notices)
	showExpiring(body.expiring)
	showCounts(body.counts)
	showTodo()
	showArticles(body)
	byId('message-text').value = messageTo(body, asked.object)
	byId('message').hidden = !byId('message-text').value
	byId('overview').hidden = false
	byId('zip').hidden = ![...proofs.values()].some(proof => proof.documents.some(document => !document.host))
	byId('printed').textContent = `Établi le ${moment(new Date())} par prefill, d’après les registres nommés.`
	announce(whatAnswered(body))
}

/** @param {any} body */
const showKnown = body => {
	showCompany(body.company)
	showMentions(body.mentions)
	for (const theme of body.themes) {
		themes.set(theme.id, theme.title)
		for (const proof of theme.proofs) proofs.set(proof.source, { ...proof, theme: theme.id })
	}
	showThemes()
}

/** @param {import('./proofs.js').Detail[]} company */
const showCompany = company => {
	const name = company.find(detail => detail.name === 'name')
	byId('procedure').textContent = `Procédure ${asked.object}`
	byId('company').textContent = name?.value || `Entreprise ${asked.siret}`
	const details = company.filter(detail => detail !== name && detail.type !== 'list')
	byId('identity').replaceChildren(
		...details.map(detail =>
			make('div', {}, make('dt', {}, detail.label), make('dd', {}, written(detail.value, detail.type))),
		),
	)
	byId('dossier').hidden = false
}

/**
 * Entries of the registers that must be read: quoted, with their date, above everything else.
 *
 * @param {{ explanation: string, entries: { date?: string, text: string }[] } | undefined} mentions
 */
const showMentions = mentions => {
	if (!mentions) return
	byId('mentions-about').textContent = mentions.explanation
	byId('mentions-list').replaceChildren(
		...mentions.entries.map(entry => {
			const date = make('strong', {}, entry.date ? day(entry.date) : 'sans date')
			return make('li', {}, date, ' · ', make('q', {}, entry.text))
		}),
	)
	byId('mentions').hidden = false
}

const showThemes = () => {
	const open = new Set(
		[...document.querySelectorAll('.aside[open]')].map((/** @type {any} */ part) => part.dataset.theme),
	)
	const focused = /** @type {HTMLElement} */ (document.activeElement)?.dataset?.href
	const sections = THEMES.filter(id => themes.has(id)).map(id => section(id, { open: open.has(id) }))
	byId('themes').replaceChildren(...sections)
	if (!focused) return
	;/** @type {HTMLElement} */ (document.querySelector(`[data-href="${CSS.escape(focused)}"]`))?.focus()
}

/**
 * @param {string} id
 * @param {{ open: boolean }} options
 */
const section = (id, { open }) => {
	const own = [...proofs.values()].filter(proof => proof.theme === id)
	const folded = own.filter(proof => proof.folded)
	const shown = own.filter(proof => !proof.folded)
	const title = make('h3', { id: `theme-${id}` }, themes.get(id))
	const rows = shown.map(proof => row(proof, ACTIONS))
	return make('section', { 'aria-labelledby': `theme-${id}` }, title, ...rows, foldedPart(id, folded, { open }))
}

/**
 * @param {string} id
 * @param {ThemedProof[]} folded
 * @param {{ open: boolean }} options
 */
const foldedPart = (id, folded, { open }) => {
	if (!folded.length) return null
	const count = folded.length
	const summary =
		count > 1
			? `${count} autres sources, non interrogées ou sans réponse`
			: '1 autre source, non interrogée ou sans réponse'
	const rows = folded.map(proof => row(proof, ACTIONS))
	return make('details', { class: 'aside', 'data-theme': id, open }, make('summary', {}, summary), ...rows)
}

/** @param {{ message: string }[]} notices */
const showNotices = notices => {
	byId('notices').replaceChildren(...notices.map(notice => make('li', {}, notice.message)))
	byId('notices').hidden = !notices.length
}

/** @param {{ title: string, validUntil: string }[]} expiring */
const showExpiring = expiring => {
	const items = expiring.map(proof => make('li', {}, `${proof.title} : jusqu’au ${day(proof.validUntil)}`))
	byId('expiring-list').replaceChildren(...items)
	byId('expiring').hidden = !expiring.length
}

/** What needs the agent, first, each with a link to its proof. */
const showTodo = () => {
	const items = [...proofs.values()]
		.filter(proof => ['ask', 'bad', 'watch'].includes(proof.tone))
		.map(proof => {
			const link = make('a', { href: `#proof-${proof.source}` }, proof.title)
			return make('li', {}, link, ' : ', badge(proof.tone, proof.word))
		})
	byId('todo-list').replaceChildren(...items)
	byId('todo').hidden = !items.length
}

/**
 * The grounds of exclusion, each with its proofs, what must be read, or what to ask: never what follows.
 *
 * @param {{ articles: { article: string, title: string, sources: string[], declaration?: string }[], mentions?: any }} body
 */
const showArticles = ({ articles, mentions }) => {
	const items = articles.map(({ article, title, sources, declaration }) => {
		const own = sources.map(source => proofs.get(source)).filter(Boolean)
		const links = own.map(proof =>
			make('li', {}, make('a', { href: `#proof-${proof.source}` }, proof.title), ' : ', badge(proof.tone, proof.word)),
		)
		if (mentions?.article === article)
			links.unshift(make('li', {}, make('a', { href: '#mentions' }, 'Mentions des registres à lire')))
		const said = links.length ? make('ul', {}, ...links) : declaration
		return make('div', {}, make('dt', {}, `${article} · ${title}`), make('dd', {}, said))
	})
	byId('articles-list').replaceChildren(...items)
}

/** @param {any[]} counts */
const showCounts = counts => {
	const items = counts.map(count => make('li', {}, badge(count.tone, `${count.number} ${count.word}`)))
	byId('counts').replaceChildren(...items)
}

/** @param {string} text The progress of a file of the whole dossier. */
const reportFile = text => {
	byId('file-status').textContent = text
}

/**
 * @param {string} href
 * @param {any} button
 * @param {(text: string) => void} report
 * @param {(href: string, report: (text: string) => void) => Promise<string | null>} [fetched] What downloads it.
 * @returns {Promise<string | null>}
 */
const fetchFile = async (href, button, report, fetched = download) => {
	button.disabled = true
	byId('problem').hidden = true
	try {
		return await fetched(href, report)
	} catch (fault) {
		if (fault.name === 'AbortError') return nextArchive
		report('')
		refuse(fault)
		return nextArchive
	} finally {
		button.disabled = false
		button.focus()
	}
}

/**
 * An archive holds what the quota of downloads allows: the button then asks for the next one.
 *
 * @param {string | null} next
 */
const followArchive = next => {
	nextArchive = next
	byId('zip').textContent = next ? 'La suite des documents (ZIP)' : 'Tous les documents (ZIP)'
}

/** @type {import('./proofs.js').Actions} */
const ACTIONS = {
	query: async proof => {
		await ask([...new Set([...asked.named, proof.source])])
		const shown = /** @type {HTMLElement} */ (document.querySelector(`[data-source="${CSS.escape(proof.source)}"]`))
		shown?.setAttribute('tabindex', '-1')
		shown?.focus()
	},
	download: (href, button) => fetchFile(href, button, announce),
}

const linked = setUpSignIn({
	opened: () => {
		byId('problem').hidden = true
	},
	closed: () => {
		running?.abort()
		clear()
		forgetReceived()
		forgetLink()
		announce('')
		byId('key').focus()
	},
	refused: message => refuse(new Error(message)),
})
setUpReceipt()
byId('ask').addEventListener('submit', async (/** @type {Event} */ event) => {
	event.preventDefault()
	await signInSettled()
	if (signedIn()) {
		ask()
		return
	}
	if (byId('problem').hidden) refuse(new Error('Connectez-vous, ou présentez votre clé d’agent.'))
	byId('key').focus()
})
for (const card of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-siret]'))) {
	card.addEventListener('click', async () => {
		byId('siret').value = card.dataset.siret
		byId('object').value ||= '2026-TRX-014'
		await signInSettled()
		if (!signedIn()) await useKey(byId('sandbox-key').textContent)
		await ask()
		if (!byId('dossier').hidden) byId('dossier').scrollIntoView()
	})
}
byId('zip').addEventListener('click', async () => {
	const path = nextArchive || `/v1/dossiers/${encodeURIComponent(asked.siret)}/documents.zip?${query()}`
	const own = running
	const next = await fetchFile(path, byId('zip'), reportFile)
	if (own === running) followArchive(next)
})
byId('espd').addEventListener('click', () => {
	const path = `/v1/dossiers/${encodeURIComponent(asked.siret)}/espd?${new URLSearchParams({ object: asked.object })}`
	const { signal } = running
	fetchFile(path, byId('espd'), reportFile, (href, report) => downloadDume(href, report, signal))
})
byId('copy-message').addEventListener('click', async () => {
	await navigator.clipboard.writeText(byId('message-text').value)
	announce('Le message est copié.')
})
byId('print').addEventListener('click', () => window.print())
addEventListener('beforeprint', () => {
	for (const part of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll('.aside')))
		part.open = true
})

if (linked.has('siret')) {
	byId('siret').value = linked.get('siret')
	byId('object').value = linked.get('object') || ''
	signInSettled().then(() => byId(signedIn() ? 'go' : 'key').focus())
}
