// What the form leaves to type, company by company.

import { byId, make } from '../dossier/dom.js'
import { number } from '../dossier/format.js'

let shown = ''

/** @param {string} role The role of the company whose answer is shown. */
export const showEffort = async role => {
	if (shown === `of ${role}`) return
	shown = `of ${role}`
	const said = byId('effort-said')
	said.textContent = 'Les entreprises du bac à sable sont essayées…'
	try {
		const query = role ? `?role=${role}` : ''
		const reply = await fetch(`/studio/${document.body.dataset.form}/effort${query}`)
		const body = await reply.json()
		if (!reply.ok) throw new Error(body.detail)
		draw(body)
		said.textContent = `${body.fields} champs, ${body.rows.length} entreprises inventées${role ? `, rôle ${role}` : ''}.`
	} catch (fault) {
		shown = ''
		said.textContent = fault.message || 'Le service ne répond pas.'
	}
}

/** @param {any} body */
const draw = ({ headings, rows, means, typed, companies }) => {
	const table = byId('effort')
	const cells = (/** @type {number[]} */ counts) => counts.map(count => make('td', {}, number(count)))
	const head = ['Entreprise', ...headings].map(heading => make('th', { scope: 'col' }, heading))
	table.tHead.replaceChildren(make('tr', {}, ...head))
	table.tBodies[0].replaceChildren(
		...rows.map((/** @type {any} */ row) => {
			const name = make('th', { scope: 'row' }, row.name)
			const refused = row.refusal && make('td', { colspan: String(headings.length) }, row.refusal)
			return make('tr', {}, name, ...(refused ? [refused] : cells(row.counts)))
		}),
	)
	const rounded = means.map((/** @type {number} */ mean) => Math.round(mean * 10) / 10)
	table.tFoot.replaceChildren(make('tr', {}, make('th', { scope: 'row' }, 'Moyenne'), ...cells(rounded)))
	table.hidden = false
	const most = byId('most-typed')
	most.hidden = !typed.length
	most
		.querySelector('ol')
		.replaceChildren(
			...typed.map((/** @type {any} */ one) => make('li', {}, `${one.label} (${one.count} sur ${companies})`)),
		)
}
