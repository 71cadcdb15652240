// The companies of the page: one form each, made from the template of its role, filled by the script.

import { byId } from '../dossier/dom.js'

let rank = 0
const place = () => byId('companies')

/** @returns {HTMLFormElement[]} */
export const companies = () => [...place().querySelectorAll('form')]

/** @param {HTMLFormElement} company */
export const roleOf = company => company.dataset.prefillRole || ''

/**
 * @param {HTMLFormElement} company
 * @returns {any} The input of its number.
 */
export const numberOf = company => company.querySelector('[data-prefill-siret]')

/** @returns {string[]} The roles of the form, in its order; one empty text where it has none. */
const roles = () =>
	[.../** @type {NodeListOf<HTMLTemplateElement>} */ (document.querySelectorAll('template[data-role]'))].map(
		template => template.dataset.role,
	)

/** What the next company most probably is: a form has one sole tenderer or leader. */
const nextRole = () => {
	const taken = companies().map(roleOf)
	const known = roles()
	if (taken.length && known.includes('group-mem')) return 'group-mem'
	return known.find(role => !taken.includes(role) && !(taken.length && role === 'group-lead')) ?? known.at(-1)
}

/** @param {string} role */
const draw = role => {
	const template = /** @type {HTMLTemplateElement} */ (document.querySelector(`template[data-role="${role}"]`))
	const copied = /** @type {DocumentFragment} */ (template.content.cloneNode(true))
	const company = copied.querySelector('form')
	const prefix = `c${++rank}-`
	for (const name of ['id', 'for', 'name', 'aria-labelledby', 'data-prefill-list'])
		for (const element of company.querySelectorAll(`[${name}^="c-"]`))
			element.setAttribute(name, prefix + element.getAttribute(name).slice(2))
	company.setAttribute('aria-label', `Entreprise ${rank}`)
	return company
}

/**
 * Type a number, as a candidate would.
 *
 * @param {HTMLFormElement} company
 * @param {string} number
 */
export const type = (company, number) => {
	numberOf(company).value = number
	numberOf(company).dispatchEvent(new Event('input', { bubbles: true }))
}

/**
 * @param {string} [role]
 * @param {string} [number]
 * @param {HTMLFormElement} [former] The company that it takes the place of.
 */
export const addCompany = (role = nextRole(), number = '', former = undefined) => {
	const company = draw(roles().includes(role) ? role : roles()[0])
	if (former) former.replaceWith(company)
	else place().append(company)
	company.querySelector('.role-choice')?.addEventListener('change', (/** @type {any} */ event) => {
		addCompany(event.target.value, numberOf(company).value, company).querySelector('select').focus()
	})
	company.querySelector('.invented')?.addEventListener('change', (/** @type {any} */ event) => {
		if (event.target.value) type(company, event.target.value)
	})
	company.querySelector('.remove').addEventListener('click', () => removeCompany(company))
	showRemovals()
	const { Prefill } = /** @type {any} */ (window)
	Prefill?.scan()
	if (number) type(company, number)
	return company
}

/** @param {HTMLFormElement} company */
const removeCompany = company => {
	company.remove()
	showRemovals()
	place().dispatchEvent(new Event('companies'))
	byId('add').focus()
}

/** The only company cannot be removed. */
const showRemovals = () => {
	for (const company of companies())
		/** @type {HTMLElement} */ (company.querySelector('.remove')).hidden = companies().length < 2
}

/** Show the companies that the address names after its #, as `role:number`, with commas. */
export const showNamed = () => {
	const named = decodeURIComponent(location.hash.slice(1)).match(/[\w-]*:(?:\d{9,14}|W\w{9})/g)
	if (!named) return
	place().replaceChildren()
	rank = 0
	for (const one of named) addCompany(...one.split(':'))
	place().dispatchEvent(new Event('companies'))
}
