// The documents of the companies that the page is filled for.

import { byId } from '../dossier/dom.js'
import { clearEspd, download, downloadEspd, typedValue } from '../common.js'
import { answerOf, shownCompany } from './answers.js'
import { companies, numberOf, roleOf } from './companies.js'

/** @param {string} text */
const say = text => {
	byId('documents-status').textContent = text
}

/**
 * What was typed where no register gave a value, by the path of the field.
 *
 * @param {HTMLFormElement} company
 */
const typedIn = company => {
	const signed = new Set(
		Object.entries(answerOf(company)?.provenance || {}).map(([pointer, one]) => one.field || pointer),
	)
	/** @type {Record<string, any>} */
	const values = {}
	for (const field of /** @type {NodeListOf<HTMLElement>} */ (company.querySelectorAll('[data-path]'))) {
		if (signed.has(field.dataset.path)) continue
		const value = valueIn(field)
		if (value !== undefined) values[field.dataset.path] = value
	}
	return values
}

/** @param {HTMLElement} field */
const valueIn = field => {
	const ticked = /** @type {HTMLInputElement} */ (field.querySelector('[type=radio]:checked'))
	if (ticked) return ticked.value === 'true'
	if (field.querySelector('[type=radio]')) return undefined
	return typedValue(/** @type {HTMLInputElement} */ (field.querySelector('input, select')).value, field.dataset.type)
}

/** @param {string} kind */
const downloadDocument = kind => {
	const named = companies().filter(company => numberOf(company).value.trim())
	if (!named.length) return say('Choisissez d’abord une entreprise.')
	const id = document.body.dataset.form
	const body = {
		companies: named.map(company => ({
			siret: numberOf(company).value,
			...(roleOf(company) ? { role: roleOf(company) } : {}),
			values: typedIn(company),
		})),
	}
	if (roleOf(named[0]) || named.length > 1) return download(`/v1/documents/${id}.${kind}`, body, `${id}.${kind}`, say)
	const { siret, values } = body.companies[0]
	const path = `/v1/documents/${id}/${encodeURIComponent(siret)}.${kind}`
	return download(path, { values }, `${id}.${kind}`, say)
}

const downloadDume = () => {
	const answer = answerOf(shownCompany())
	if (!answer?.provenance) return say('Choisissez d’abord une entreprise.')
	const company = shownCompany()
	return downloadEspd(answer.siret || answer.siren || numberOf(company).value, typedIn(company), say)
}

export const startDocuments = () => {
	for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-kind]')))
		if (button.tagName === 'BUTTON') button.addEventListener('click', () => downloadDocument(button.dataset.kind))
	if (!byId('espd')) return
	byId('espd').addEventListener('click', downloadDume)
	byId('companies').addEventListener('prefill:start', clearEspd)
	byId('shown').addEventListener('change', clearEspd)
}
