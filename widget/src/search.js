/** Companies by name, RNA or number, and a company's establishments, where the service has that search. */

import { grouped } from './identifiers.js'
import { askJson } from './transport.js'

/** @typedef {import('./transport.js').Request} Request @typedef {import('./combobox.js').Option} Option */

/** Services that answered that they have no search, by address. @type {Set<string>} */
const without = new Set()

/** @param {Request} options */
export const canSearch = options => !without.has(options.url || '')

/** @param {string} path @param {Request & { q?: string, limit?: number }} options */
async function find(path, options) {
	try {
		return await askJson(path, options, ['q', 'limit', 'tenant'])
	} catch (fault) {
		if (fault.problem?.status === 404 && fault.problem.code !== 'company_unknown') {
			without.add(options.url || '')
			return null
		}
		throw fault
	}
}

/** @param {string} q @param {Request} options @returns {Promise<Record<string, any> | null>} Null without a search. */
export const findCompanies = (q, options) => find('companies', { ...options, q, limit: 8 })

/** @param {string} siren @param {Request} options @returns {Promise<Record<string, any> | null>} */
export const findEstablishments = (siren, options) => find(`companies/${siren}/establishments`, options)

/** @param {(string | undefined | false | 0)[]} parts */
const line = parts => parts.filter(Boolean).join(' · ')

/** @param {any} company @param {import('./sentences.js').Sentences} words @returns {Option} */
export const companyOption = (company, words) => ({
	text: line([
		company.name || company.tradeName,
		company.tradeName !== company.name && company.name && company.tradeName,
		[company.postalZone, company.city].filter(Boolean).join(' '),
		grouped(company.siren),
		company.closed && words.closed,
	]),
	value: company,
})

/** @param {any} place @param {import('./sentences.js').Sentences} words @returns {Option} */
export const establishmentOption = (place, words) => ({
	text: line([
		[place.street, place.postalCode, place.city].filter(Boolean).join(' ') || place.name,
		place.street && place.name,
		grouped(place.siret),
		place.headOffice && words.headOffice,
		place.closed && words.closed,
	]),
	value: place,
})
