// What the service answered for each company: values with their register, reasons, the JSON.

import { REASONS as SHARED_REASONS } from '../common.js'
import { byId, make } from '../dossier/dom.js'
import { day, written } from '../dossier/format.js'
import { companies, numberOf, roleOf } from './companies.js'

const REASONS = { ...SHARED_REASONS, not_applicable: 'Sans objet', not_requested: 'À la demande' }

/** @type {WeakMap<HTMLFormElement, any>} */
const answers = new WeakMap()

/** @param {HTMLFormElement} company */
export const answerOf = company => answers.get(company)

/** @type {Promise<Record<string, { label: string, type: string }>>} */
let fields

/** The form's fields by path. */
const known = () =>
	(fields ??= fetch(`/v1/schemas/${document.body.dataset.form}`)
		.then(reply => reply.json())
		.then(form => Object.fromEntries(form.fields.map((/** @type {any} */ field) => [field.path, field]))))

/** @returns {HTMLFormElement | undefined} The company whose answer is shown. */
export const shownCompany = () => companies()[byId('shown')?.selectedIndex ?? 0]

/** Name the companies of the page, keeping the one that is shown. */
export const listCompanies = () => {
	const select = byId('shown')
	const before = select.selectedIndex
	select.replaceChildren(
		...companies().map((company, index) => {
			const role = company.querySelector('.role-choice option:checked')?.textContent
			const name = answerOf(company)?.data && nameIn(answerOf(company))
			return make('option', {}, [`Entreprise ${index + 1}`, role, name].filter(Boolean).join(' · '))
		}),
	)
	select.selectedIndex = Math.min(Math.max(before, 0), companies().length - 1)
}

/** @param {any} answer */
const nameIn = answer => {
	const pointer = answer.aliases?.name || answer.aliases?.holderName
	return pointer && valueAt(answer.data, pointer)
}

/**
 * @param {any} data
 * @param {string} pointer
 */
const valueAt = (data, pointer) =>
	pointer
		.split('/')
		.slice(1)
		.reduce((value, key) => value?.[key.replace(/~1/g, '/').replace(/~0/g, '~')], data)

/**
 * @param {HTMLFormElement} company
 * @param {any} answer Or the problem in its place.
 */
export const keepAnswer = (company, answer) => {
	answers.set(company, answer)
	listCompanies()
	byId('shown').selectedIndex = companies().indexOf(company)
	showAnswer()
}

export const showAnswer = async () => {
	const company = shownCompany()
	const answer = company && answerOf(company)
	byId('sources').hidden = !answer?.provenance
	byId('sources-empty').hidden = Boolean(answer?.provenance)
	byId('json').textContent = answer ? JSON.stringify(answer, null, 2) : 'Pas encore de réponse.'
	byId('asked').textContent = address(company, answer)
	if (!answer) return
	byId('sources-empty').textContent = answer.detail || ''
	if (answer.provenance) byId('sources').tBodies[0].replaceChildren(...rows(answer, await known()))
}

/**
 * @param {HTMLFormElement | undefined} company
 * @param {any} answer
 */
const address = (company, answer) => {
	const role = company && roleOf(company) ? `&role=${roleOf(company)}` : ''
	return `GET /v1/prefill/${answer?.siret || answer?.siren || (company && numberOf(company).value) || '{siret}'}?schema=${document.body.dataset.form}${role}`
}

/**
 * A line for each field: its value and who says so, or why it has none.
 *
 * @param {any} answer
 * @param {Record<string, { label: string, type: string }>} known The form's fields by path.
 */
export const rows = (answer, known) => {
	const signed = Object.entries(answer.provenance).map(([pointer, one]) => [one.field || pointer, pointer, one])
	const values = signed.map(([path, pointer, one]) =>
		row(known[path]?.label || path, one.confirm ? 'confirm' : 'ok', one.producer, [
			shown(valueAt(answer.data, pointer), known[path]?.type),
			one.asOf ? `à jour du ${day(one.asOf.slice(0, 10))}` : '',
		]),
	)
	const gaps = Object.entries(answer.missing).map(([path, gap]) =>
		row(
			known[path]?.label || path,
			'missing',
			REASONS[/** @type {keyof REASONS} */ (gap.reason)] || gap.reason,
			gap.reason === 'declared' ? [] : [gap.message],
		),
	)
	return [...values, ...gaps]
}

/**
 * @param {any} value
 * @param {string} type
 */
const shown = (value, type) =>
	Array.isArray(value) ? `${value.length} ligne${value.length > 1 ? 's' : ''}` : written(value, type)

/**
 * @param {string} label
 * @param {string} kind
 * @param {string} tag
 * @param {string[]} details
 */
const row = (label, kind, tag, details) =>
	make(
		'tr',
		{},
		make('th', { scope: 'row' }, label),
		make('td', {}, make('span', { class: `tag ${kind}` }, tag), ' ', details.filter(Boolean).join(' · ')),
	)
