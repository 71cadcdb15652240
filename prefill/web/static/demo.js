// The demonstration around the form: it listens to the script's events, and does nothing that a site could not do.

import { clearEspd, copy, download, downloadEspd, REASONS, startTabs, typedValue } from './common.js'

const STATUSES = {
	ok: 'a répondu',
	absent: 'ne connaît pas',
	withheld: 'ne diffuse pas',
	unavailable: 'ne répond pas',
	late: 'tarde',
	not_entitled: 'sans accès',
	not_applicable: 'sans objet',
	misconfigured: 'refuse l’accès',
	not_requested: 'à la demande',
}
/** @type {Record<string, string>} Fields whose label is not beside them, by id. */
const NAMES = { representatives: 'Représentants', '': 'Catégorie d’entreprise' }

/**
 * @param {string} id
 * @returns {any} The element; the page's template has every id that is asked for.
 */
const byId = id => document.getElementById(id)

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string)} children
 */
const make = (tag, properties = {}, ...children) => {
	const element = Object.assign(document.createElement(tag), properties)
	element.append(...children)
	return element
}

/** @param {string} text An ISO day or moment. */
const shortDay = text => new Date(text).toLocaleString('fr-FR', { dateStyle: 'short' })

const form = byId('form')
const siret = byId('siret')
const rows = byId('sources').tBodies[0]

/** @returns {NodeListOf<HTMLElement>} */
const cards = () => document.querySelectorAll('[data-siret]')

/** @param {any} field */
const label = field => (field.labels?.[0] || field.previousElementSibling || field).textContent.trim()

/** @param {HTMLElement} field */
const nameOf = field => NAMES[field.id] ?? label(field)

/**
 * Show the line of a field: who provides it, or why it is missing.
 *
 * @param {string} name
 * @param {string} kind
 * @param {string} text
 * @param {string} detail
 */
const showLine = (name, kind, text, detail) => {
	byId('sources').hidden = false
	byId('sources-empty').hidden = true
	const known = [...rows.rows].find(line => line.cells[0].textContent === name)
	const tag = make('span', { className: `tag ${kind}`, textContent: text })
	const heading = make('th', { scope: 'row', textContent: name })
	const line = make('tr', {}, heading, make('td', {}, tag, ' ', detail))
	if (known) known.replaceWith(line)
	else rows.append(line)
}

const clear = () => {
	rows.replaceChildren()
	byId('registers').replaceChildren()
	byId('registers').hidden = byId('sources').hidden = true
	byId('sources-empty').hidden = false
	byId('representatives').replaceChildren()
	byId('json').textContent = 'Pas encore de réponse.'
}

/**
 * A list is drawn by the page itself: nobody is chosen for the candidate.
 *
 * @param {any[]} people
 * @param {string} producer
 */
const representatives = (people, producer) => [
	...people.map((person, index) => {
		const name = person.registrationName || `${person.firstName || ''} ${person.familyName}`.trim()
		const id = `representative-${index}`
		const box = make('input', { type: 'checkbox', name: 'representative', value: name, id })
		const role = make('span', { className: 'role', textContent: person.role || 'fonction non précisée' })
		const who = make('span', {}, make('strong', { textContent: name }), role)
		return make('label', { className: 'person' }, box, who)
	}),
	make('p', { className: 'prefill-note', textContent: `Prérempli : ${producer}. À confirmer.` }),
]

/**
 * @param {string} name
 * @param {{ status: keyof STATUSES, cached?: boolean, seconds?: number }} source
 */
const sourceItem = (name, source) => {
	const seconds = source.seconds ? `${source.seconds.toLocaleString('fr-FR')} s` : ''
	return make(
		'li',
		{},
		make('span', { className: `dot ${source.status}`, ariaHidden: 'true' }),
		make('code', { textContent: name }),
		` ${STATUSES[source.status] || source.status}`,
		make('small', { textContent: source.cached ? 'en mémoire' : seconds }),
	)
}

/** @param {HTMLElement} field A field that the service left empty. */
const showMissing = field => {
	const described = (field.getAttribute('aria-describedby') || '').split(' ').map(byId)
	const note = described.find(element => element?.classList.contains('prefill-note'))
	const reason = REASONS[/** @type {keyof REASONS} */ (field.dataset.prefillMissing)] || 'Absent'
	showLine(nameOf(field), 'missing', reason, note?.textContent || '')
}

// One click types the number, as a candidate would.
for (const card of cards()) {
	card.addEventListener('click', () => {
		siret.value = card.dataset.siret
		siret.dispatchEvent(new Event('input', { bubbles: true }))
		form.scrollIntoView({ block: 'start' })
		siret.focus({ preventScroll: true })
	})
}
siret.addEventListener('input', () => {
	const number = siret.value.replace(/\D/g, '')
	for (const card of cards()) card.setAttribute('aria-pressed', String(card.dataset.siret === number))
})

form.addEventListener('prefill:start', (/** @type {CustomEvent} */ event) => {
	clear()
	byId('asked').textContent = event.detail.siret
})
form.addEventListener('prefill:field', (/** @type {any} */ event) => {
	const { producer, retrievedAt, asOf, confirm, value } = event.detail
	const dated = asOf ? `à jour du ${shortDay(asOf)}` : retrievedAt ? shortDay(retrievedAt) : ''
	showLine(nameOf(event.target), confirm ? 'confirm' : 'ok', producer, dated)
	if (event.target.id !== 'representatives') return
	event.preventDefault()
	event.target.replaceChildren(...representatives(value, producer))
})
form.addEventListener('prefill:done', (/** @type {CustomEvent} */ event) => {
	const { answer } = event.detail
	byId('json').textContent = JSON.stringify(answer, null, 2)
	form.querySelectorAll('[data-prefill-missing]').forEach(showMissing)
	byId('registers').hidden = false
	const items = Object.entries(answer.sources).map(([name, source]) => sourceItem(name, source))
	byId('registers').replaceChildren(...items)
})
form.addEventListener('prefill:error', (/** @type {CustomEvent} */ event) => {
	const { problem } = event.detail
	if (problem) byId('sources-empty').textContent = `${problem.title} (${problem.status}) : rien n’a été prérempli.`
	byId('json').textContent = problem ? JSON.stringify(problem, null, 2) : 'Pas de réponse.'
})
form.addEventListener('prefill:undo', clear)

startTabs()

byId('print').addEventListener('click', () => window.print())
byId('copy').addEventListener('click', () =>
	copy(byId('snippet').textContent, byId('snippet'), text => {
		byId('copied').textContent = text
	}),
)

// Documents of the company that the form is filled for: the DUME as ESPD XML, forms to complete and sign.
const section = byId('documents')
const said = byId('documents-status')

/** @type {any} The last answer of the service. */
let answer
/** The number that it is about: an association without SIREN has its RNA number alone. */
let number = ''

/** What the candidate typed where no register gave a value, by the path of the field. */
const typed = () => {
	/** @type {Record<string, string | number>} */
	const values = {}
	for (const field of form.querySelectorAll('input[data-prefill-field], select[data-prefill-field]')) {
		const pointer = answer.aliases[field.dataset.prefillField]
		const known = pointer && answer.provenance[pointer]
		if (!pointer || known || !field.value) continue
		const value = typedValue(field.value, field.id === 'capital' ? 'number' : '')
		if (value !== undefined) values[pointer] = value
	}
	return values
}

/** @param {string} text */
const say = text => {
	said.textContent = text
}

form.addEventListener('prefill:start', () => {
	section.hidden = true
	said.textContent = ''
	clearEspd()
})
form.addEventListener('prefill:done', (/** @type {CustomEvent} */ event) => {
	answer = event.detail.answer
	number = answer.siret || answer.siren || event.detail.siret
	section.hidden = false
})
form.addEventListener('prefill:undo', () => {
	section.hidden = true
})

byId('espd').addEventListener('click', () => downloadEspd(number, typed(), say))
for (const button of section.querySelectorAll('[data-kind]')) {
	button.addEventListener('click', () => {
		const name = `${byId('document-form').value}.${button.dataset.kind}`
		const values = byId('document-form').value === 'dume' ? typed() : {}
		const [id, kind] = name.split('.')
		download(`/v1/documents/${id}/${number}.${kind}`, { values }, name, say)
	})
}
