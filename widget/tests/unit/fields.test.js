/** What the script writes in fields of each kind, and how often. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { A, Service, open, settled, type } from './page.js'

async function filled(fields, prepare = () => {}) {
	const service = new Service()
	const window = open(`<form data-prefill="f"><input id="siret" data-prefill-siret>${fields}</form>`, service)
	const at = id => window.document.getElementById(id)
	await settled()
	prepare(at, window)
	type(window, 'siret', A)
	await service.answerAll()
	return { window, at }
}

test('a note is never put into what the candidate edits', async () => {
	const { at } = await filled('<div id="name" contenteditable data-prefill-field="name"></div>')

	assert.equal(at('name').textContent, 'A name')
	assert.match(at('name').nextElementSibling.textContent, /Prérempli : Insee/)
	assert.equal(at('name').dataset.prefillSuggestion, undefined)
})

test('what a mask laid out anew is written once, however often the form is looked at again', async () => {
	let writings = 0
	const { window, at } = await filled(
		'<input id="name" data-prefill-field="name"><input id="city" data-prefill-field="city"><input id="own">',
		at => {
			at('name').addEventListener('input', () => (at('name').value = at('name').value.toUpperCase()))
			at('name').addEventListener('prefill:field', () => writings++)
		},
	)
	type(window, 'city', 'Mine')
	type(window, 'city', 'Other')
	await settled()

	assert.equal(at('name').value, 'A NAME')
	assert.equal(writings, 1)
})

test('a choice that is no answer is not what an empty synonym means', async () => {
	const { at } = await filled(
		'<select id="category" data-prefill-field="category"><option value="">Choisir<option>—<option>Two</select><script type="application/json" data-prefill-synonyms>[["one", "-"]]</script>',
	)

	assert.equal(at('category').dataset.prefillSource, undefined)
})

test('nothing of a company is suggested beside a number that is no longer its own', async () => {
	const { window, at } = await filled(
		'<input id="city" data-prefill-field="city"><script type="application/json" data-prefill-map>{"#name": "name"}</script><input id="name">',
		(at, window) => type(window, 'city', 'Mine'),
	)
	const note = () => at('city').nextElementSibling.textContent

	assert.match(note(), /Insee : A city/)
	type(window, 'siret', 'Menuiserie', false)
	await settled()
	assert.equal(at('city').dataset.prefillSuggestion, undefined)
	assert.match(note(), /Saisi pour le 000 001 008 00010|^\s*$/)
	assert.equal(at('name').dataset.prefillForeign, A)
	const summary = window.document.querySelector('details.prefill-summary')
	summary.open = true
	summary.dispatchEvent(new window.Event('toggle'))
	assert.match(summary.textContent, /name/)
})

test('a number that the browser did not put back with its fields is', async () => {
	const { window } = await filled('<input id="name" data-prefill-field="name">')
	window.dispatchEvent(new window.Event('pagehide'))
	const body =
		'<form data-prefill="f"><input id="siret" data-prefill-siret><input id="name" data-prefill-field="name"></form>'
	const { state } = window.history
	const back = open(body, new Service(), { state, values: { name: 'A name' } }).document
	const emptied = open(body, new Service(), { state }).document
	await settled()

	assert.equal(back.getElementById('siret').value, A)
	assert.equal(back.querySelector('form').dataset.prefillState, 'done')
	assert.equal(emptied.getElementById('siret').value, '')
})

test('a link of the summary puts its field in the middle of the window, clear of what sticks to its edges', async () => {
	const { window } = await filled('<input id="name" data-prefill-field="name">')
	const asked = []
	window.Element.prototype.scrollIntoView = options => asked.push({ ...options })
	const summary = window.document.querySelector('details.prefill-summary')
	summary.open = true
	summary.dispatchEvent(new window.Event('toggle'))
	summary.querySelector('a').click()

	assert.deepEqual(asked, [{ block: 'center' }])
})
