// One proof as the page shows it: state, facts, tables, documents, provenance.

import { make } from './dom.js'
import { day, duration, moment, written } from './format.js'

/**
 * @typedef {{ name: string, label: string, type: string }} Item
 * @typedef {Item & { value: any, items?: Item[] }} Detail
 * @typedef {{ n: number, title: string, href: string, host?: string }} Document
 * @typedef {{ producer: string, retrievedAt?: string, asOf?: string, stale?: boolean, fix?: { href: string, name: string } }} Origin
 * @typedef {object} Proof
 * @property {string} source
 * @property {string} title
 * @property {string} producer
 * @property {string} state
 * @property {string} word
 * @property {string} message
 * @property {keyof SHAPES} tone
 * @property {boolean} folded
 * @property {boolean} [queryable] Whether naming it has its register asked.
 * @property {number} [retryIn]
 * @property {string} [validUntil]
 * @property {boolean} [expiresSoon]
 * @property {Detail[]} details
 * @property {Document[]} documents
 * @property {string} [link]
 * @property {string} [proves]
 * @property {string} [holdsUntil]
 * @property {string[]} cautions
 * @property {string[]} perimeter
 * @property {string} [alternative]
 * @property {Origin[]} provenance
 * @property {{ title: string, producer: string, word: string }[]} [replacements]
 */

/**
 * What the page does on a click.
 *
 * @typedef {object} Actions
 * @property {(proof: Proof) => Promise<void>} query
 * @property {(href: string, button: HTMLElement) => void} download
 */

const SHAPES = { ask: '?', good: '✓', delivered: '✓', bad: '✕', watch: '!', plain: '•', none: '–' }
const OUTSIDE = { rel: 'noreferrer noopener', target: '_blank' }

/**
 * @param {keyof SHAPES} tone
 * @param {string} word
 */
export const badge = (tone, word) =>
	make(
		'span',
		{ class: `badge ${tone}` },
		make('span', { class: 'shape', 'aria-hidden': 'true' }, make('span', {}, SHAPES[tone])),
		word,
	)

/**
 * @param {Proof} proof
 * @param {Actions} actions
 */
export const row = (proof, actions) =>
	make(
		'article',
		{ class: 'proof', id: `proof-${proof.source}`, 'data-source': proof.source },
		make('div', { class: 'head' }, make('h4', {}, proof.title), make('p', { class: 'who' }, proof.producer)),
		make(
			'div',
			{ class: 'tells' },
			...state(proof, actions),
			...meaning(proof),
			...content(proof),
			...sources(proof, actions),
		),
	)

/**
 * @param {Proof} proof
 * @param {Actions} actions
 */
const state = (proof, actions) => [
	make('p', {}, badge(proof.tone, proof.word)),
	proof.validUntil
		? make(
				'p',
				{ class: 'until' },
				`${proof.state === 'expired' ? 'Échu le' : 'Valable jusqu’au'} ${day(proof.validUntil)}`,
				proof.expiresSoon ? make('strong', {}, ' · expire bientôt') : null,
			)
		: null,
	make('p', { class: 'message' }, proof.message, proof.retryIn ? ` Revenir dans ${duration(proof.retryIn)}.` : ''),
	proof.queryable ? queryButton(proof, actions) : null,
]

/** @param {Proof} proof */
const meaning = proof => [
	proof.perimeter.length
		? make(
				'div',
				{ class: 'perimeter' },
				make('p', {}, 'N’en ont jamais, même en règle :'),
				make('ul', {}, ...proof.perimeter.map(company => make('li', {}, company))),
			)
		: null,
	proof.alternative ? make('p', { class: 'alternative' }, proof.alternative) : null,
	proof.proves ? make('p', { class: 'proves' }, `Ce qu’il atteste : ${proof.proves} ${proof.holdsUntil}`) : null,
	...proof.cautions.map(caution => make('p', { class: 'caution' }, make('strong', {}, 'Attention. '), caution)),
]

/** @param {Proof} proof */
const content = proof => [
	facts(proof.details.filter(detail => detail.type !== 'list' && detail.name !== 'validUntil')),
	...proof.details.filter(detail => detail.type === 'list').map(detail => table(detail, proof.title)),
	proof.replacements
		? make(
				'ul',
				{ class: 'replacements' },
				...proof.replacements.map(other =>
					make('li', {}, `À la place : ${other.title} (${other.producer}) · ${other.word}`),
				),
			)
		: null,
	proof.link
		? make('p', {}, make('a', { href: proof.link, ...OUTSIDE }, 'Recherche publique à l’INPI (nouvel onglet)'))
		: null,
]

/**
 * @param {Proof} proof
 * @param {Actions} actions
 */
const sources = (proof, actions) => [
	proof.documents.length
		? make(
				'ul',
				{ class: 'files' },
				...proof.documents.map(document => make('li', {}, file(document, proof.documents.length > 1, actions))),
			)
		: null,
	proof.provenance.length ? make('p', { class: 'origin' }, proof.provenance.map(origin).join(' ; ')) : null,
	...proof.provenance
		.filter(provenance => provenance.fix)
		.map(({ fix }) =>
			make(
				'p',
				{ class: 'origin' },
				'Une donnée à corriger ? L’entreprise s’adresse à ',
				make('a', { href: fix.href, ...OUTSIDE }, fix.name),
				'.',
			),
		),
]

/** @param {Detail[]} details */
const facts = details =>
	details.length
		? make(
				'dl',
				{ class: 'facts' },
				...details.flatMap(detail => [
					make('dt', {}, detail.label),
					make('dd', {}, written(detail.value, detail.type)),
				]),
			)
		: null

/**
 * @param {Detail} detail
 * @param {string} title
 */
const table = (detail, title) => {
	const columns = detail.items.filter(item => detail.value.some((/** @type {any} */ line) => item.name in line))
	const head = make('tr', {}, ...columns.map(item => make('th', { scope: 'col' }, item.label)))
	const lines = detail.value.map((/** @type {any} */ line) =>
		make('tr', {}, ...columns.map(item => make('td', {}, cell(line, item)))),
	)
	return make(
		'div',
		{ class: 'scroll', tabindex: '0', role: 'group', 'aria-label': `${title} : ${detail.label}` },
		make('table', {}, make('caption', {}, detail.label), make('thead', {}, head), make('tbody', {}, ...lines)),
	)
}

/**
 * @param {any} line
 * @param {Item} item
 */
const cell = (line, item) => {
	const text = item.name in line ? written(line[item.name], item.type) : ''
	return item.name === 'validUntil' && line.valid !== undefined ? `${text} (${line.valid ? 'valable' : 'échu'})` : text
}

/** @param {Origin} provenance */
const origin = provenance => {
	const asOf = provenance.asOf ? `, registre à jour du ${day(provenance.asOf)}` : ''
	const when = provenance.retrievedAt ? `, interrogé le ${moment(new Date(provenance.retrievedAt))}` : ''
	const stale = provenance.stale ? ' (réponse antérieure : le registre est en panne)' : ''
	return `${provenance.producer}${asOf}${when}${stale}`
}

/**
 * A source that is not queried by default is one click away.
 *
 * @param {Proof} proof
 * @param {Actions} actions
 */
const queryButton = (proof, actions) => {
	const label = `Interroger : ${proof.title}`
	const button = make(
		'button',
		{ type: 'button', class: 'quiet', 'data-href': `query:${proof.source}`, 'aria-label': label },
		'Interroger ce registre',
	)
	button.addEventListener('click', () => actions.query(proof))
	return make('p', {}, button)
}

/**
 * @param {Document} document
 * @param {boolean} several
 * @param {Actions} actions
 */
const file = (document, several, actions) => {
	const title = several ? `${document.title} (${document.n})` : document.title
	if (document.host) {
		const label = `${title} : chez ${document.host}, hors de ce service (nouvel onglet)`
		return make('a', { href: document.href, ...OUTSIDE }, label)
	}
	const attributes = { type: 'button', class: 'quiet', 'data-href': document.href }
	const button = make('button', attributes, `Télécharger : ${title}`)
	button.addEventListener('click', () => actions.download(document.href, button))
	return button
}
