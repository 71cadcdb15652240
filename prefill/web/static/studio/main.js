// The page at /studio/<form>: the form filled by the script, and beside it its text, its answers and its costs.

import { copy, startTabs } from '../common.js'
import { announce, byId } from '../dossier/dom.js'
import { keepAnswer, listCompanies, showAnswer, shownCompany } from './answers.js'
import { startChecker } from './checker.js'
import { addCompany, numberOf, roleOf, showNamed, companies } from './companies.js'
import { startDocuments } from './documents.js'
import { startDraft } from './draft.js'
import { showEffort } from './effort.js'

const fillable = Boolean(byId('companies'))
const role = () => (fillable && shownCompany() ? roleOf(shownCompany()) : '')

let codeAddress = ''

const showCode = async () => {
	const query = role() ? `?role=${role()}` : ''
	const address = `/studio/${document.body.dataset.form}/code/${byId('kit').value}${query}`
	codeAddress = address
	const reply = await fetch(address)
	const text = reply.ok ? await reply.text() : 'Le service ne répond pas.'
	// A slower reply to an earlier choice must not replace the code of the last one.
	if (address === codeAddress) byId('code').textContent = text
}

/** @param {HTMLElement} panel */
const refresh = panel => {
	announce('')
	if (panel.id === 'panel-code') showCode()
	if (panel.id === 'panel-effort') showEffort(role())
}

startTabs(refresh)
startChecker()
startDraft()
byId('copy-text').addEventListener('click', () => copy(byId('text').value, byId('text'), announce))

if (fillable) {
	const place = byId('companies')
	place.addEventListener('prefill:done', (/** @type {any} */ event) =>
		keepAnswer(event.target.closest('form'), event.detail.answer),
	)
	place.addEventListener('prefill:error', (/** @type {any} */ event) => {
		if (event.detail.problem) keepAnswer(event.target.closest('form'), event.detail.problem)
	})
	place.addEventListener('companies', () => {
		listCompanies()
		showAnswer()
	})
	byId('shown').addEventListener('change', showAnswer)
	byId('add').addEventListener('click', () => {
		const added = addCompany()
		listCompanies()
		numberOf(added).focus()
	})
	byId('kit').addEventListener('change', showCode)
	byId('copy-code').addEventListener('click', () => copy(byId('code').textContent, byId('code'), announce))
	addEventListener('hashchange', showNamed)
	startDocuments()
	showNamed()
	if (!companies().length) addCompany()
	listCompanies()
}
