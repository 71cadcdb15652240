// The text of the form as it stands, filled for a company of the sandbox. Nothing is saved.

import { byId, make } from '../dossier/dom.js'
import { rows } from './answers.js'
import { show } from './checker.js'

const path = `/studio/${document.body.dataset.form}/trial`

/** @param {string} text */
const say = text => {
	byId('draft-status').textContent = text
}

const fill = async () => {
	const button = byId('fill-draft')
	const text = byId('text').value
	button.disabled = true
	say('Le texte est vérifié, puis rempli…')
	try {
		const headers = { 'Content-Type': 'application/json', 'Accept-Language': 'fr' }
		const body = JSON.stringify({ text, company: byId('draft-company').value, role: byId('draft-role')?.value })
		const reply = await fetch(path, { method: 'POST', headers, body })
		const verdict = await reply.json()
		if (reply.ok) showTrial(verdict)
		else refuse(verdict.detail)
		if (text !== byId('text').value) changed()
	} catch {
		refuse('Le service ne répond pas : réessayez.')
	} finally {
		button.disabled = false
		button.focus()
	}
}

/** @param {any} verdict Of the checker; `filled` is there when the text has no mistake. */
const showTrial = verdict => {
	show(verdict)
	const { filled } = verdict
	if (!filled) return refuse('Le texte a des erreurs : corrigez-les d’abord.')
	if (filled.refusal) return refuse(filled.refusal)
	byId('draft-notices').replaceChildren(...filled.notices.map((/** @type {string} */ notice) => make('li', {}, notice)))
	byId('draft-rows').tBodies[0].replaceChildren(...rows(filled, filled.fields))
	byId('draft-json').textContent = JSON.stringify(filled.data, null, 2)
	byId('draft').hidden = false
	const named = new Set(Object.values(filled.provenance).map((/** @type {any} */ one) => one.field))
	const count = Object.keys(filled.fields).length
	const calls = `${filled.calls} appel${filled.calls > 1 ? 's' : ''}`
	say(`${named.size} champ${named.size > 1 ? 's' : ''} sur ${count} par les registres, ${calls}.`)
}

/** @param {string} why */
const refuse = why => {
	byId('draft').hidden = true
	say(why)
}

/** What is shown is of a text that has changed since. */
const changed = () => {
	if (!byId('draft').hidden) say('Le texte a changé depuis : remplissez-le à nouveau.')
}

export const startDraft = () => {
	if (!byId('fill-draft')) return
	byId('fill-draft').addEventListener('click', fill)
	byId('text').addEventListener('input', changed)
	byId('draft-company').addEventListener('change', () => refuse(''))
	byId('draft-role')?.addEventListener('change', () => refuse(''))
}
