/** What the script writes in fields of each kind, and how often. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { A, B, Service, open, settled, type } from './page.js'

async function filled(fields, prepare = () => {}, service = new Service()) {
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

test('what a page makes of a value is the script’s as well: it goes with its company', async () => {
	const { window, at } = await filled('<input id="name" data-prefill-field="name"><input id="city">', at =>
		at('name').addEventListener('input', () => (at('name').value = at('name').value.slice(0, 3))),
	)

	assert.equal(at('name').value, 'A n')
	assert.match(at('name').nextElementSibling.textContent, /Prérempli : Insee.*À confirmer/)
	window.Prefill.attach('form').undo()
	assert.equal(at('name').value, '')
})

/** A mask that knows one decimal mark, and takes the other for nothing. */
const amountIn = async mark =>
	filled(
		'<input id="name" data-prefill-field="name">',
		at =>
			at('name').addEventListener('input', () => {
				const [whole, ...decimals] = at('name').value.split(mark)
				at('name').value = [whole, decimals.join('')]
					.map(part => part.replace(/\D/g, ''))
					.join(mark)
					.replace(/\D$/, '')
			}),
		new Service(() => 30489.8),
	)

test('an amount is never ten times what the register says, whatever decimal mark a mask wants', async () => {
	for (const mark of [',', '.']) {
		const { at } = await amountIn(mark)
		assert.equal(at('name').value, `30489${mark}8`)
	}
	const { at } = await amountIn('/')
	assert.equal(at('name').value, '')
})

test('the field of a wrapper is filled, and a list that a library draws is left alone', async () => {
	const { at } = await filled(
		'<div id="box" data-prefill-field="name"><input id="name"></div><div data-prefill-field="city"><input id="city" role="combobox"></div>',
	)

	assert.equal(at('name').value, 'A name')
	assert.equal(at('city').value, '')
	assert.ok(at('box').contains(at('name')))
})

test('a copy of a row has one set of notes and buttons, of its own', async () => {
	const service = new Service()
	const row = '<div class="row"><input data-prefill-siret><input class="name" data-prefill-field="name"></div>'
	const window = open(`<form data-prefill="f">${row}</form>`, service)
	const rows = () => [...window.document.querySelectorAll('.row')]
	await settled()
	rows()[0].querySelector('input').id = 'siret'
	type(window, 'siret', A)
	await service.answerAll()
	const copy = rows()[0].cloneNode(true)
	for (const input of copy.querySelectorAll('input')) input.value = ''
	copy.querySelector('input').id = 'second'
	rows()[0].after(copy)
	await settled()
	type(window, 'second', B)
	await service.answerAll()

	for (const one of rows())
		assert.deepEqual(
			['status', 'actions', 'note', 'summary'].map(name => one.querySelectorAll(`.prefill-${name}`).length),
			[1, 1, 1, 1],
		)
	assert.deepEqual(
		rows().map(one => one.querySelector('.name').value),
		['A name', 'B name'],
	)
})

test('a note stands after the box that a design system draws around its field', async () => {
	const { at } = await filled(
		'<div id="box" style="display:flex"><input id="name" data-prefill-field="name"><b>×</b></div><div id="rows" style="display:flex;flex-direction:column"><input id="city" data-prefill-field="city"></div>',
	)

	assert.equal(at('box').nextElementSibling.className.trim(), 'prefill-note')
	assert.equal(at('city').nextElementSibling.className.trim(), 'prefill-note')
})

test('nothing of an amount is left by a mask that removes only what is before the cursor', async () => {
	let cursor = 1
	const { window, at } = await filled('<input id="name" data-prefill-field="name">', at =>
		at('name').addEventListener('input', () => {
			if (at('name').value) return
			at('name').value = 'A name'.slice(cursor)
			cursor = 6
		}),
	)
	window.Prefill.attach('form').undo()

	assert.equal(at('name').value, '')
})

test('what a library draws over a select follows its value, and the note stands below', async () => {
	let synced = ''
	const { at } = await filled(
		'<select id="category" data-prefill-field="category"><option value="">Choisir<option>one</select><div id="drawn" class="ts-wrapper"></div>',
		at => (at('category').tomselect = { sync: () => (synced = at('category').value) }),
	)

	assert.equal(synced, 'one')
	assert.match(at('drawn').nextElementSibling.textContent, /Prérempli/)
})

test('components with the same ids in shadow roots keep what was written each for itself', async () => {
	const service = new Service()
	const window = open('<div></div><div></div>', service)
	const forms = [...window.document.querySelectorAll('div')].map(host => {
		const root = host.attachShadow({ mode: 'open' })
		root.innerHTML =
			'<form id="form" data-prefill="f"><input data-prefill-siret><input data-prefill-field="name"></form>'
		return window.Prefill.attach(root.querySelector('form'))
	})
	forms[0].fill(A)
	forms[1].fill(B)
	await service.answerAll()
	window.dispatchEvent(new window.Event('pagehide'))

	const { blocks } = window.history.state.prefill
	assert.deepEqual(
		Object.values(blocks).map(({ number }) => number),
		[A, B],
	)
})

test('a form that a server gives back is known again, though the page wrote the state of the history entry anew', async () => {
	const service = new Service()
	const window = open(
		'<form id="form" data-prefill="f"><input id="siret" data-prefill-siret><input id="name" data-prefill-field="name"></form>',
		service,
	)
	const at = id => window.document.getElementById(id)
	await settled()
	type(window, 'siret', A)
	await service.answerAll()
	window.history.replaceState({ htmx: true }, '')
	const answer = window.document.createElement('div')
	answer.innerHTML = `<form id="form" data-prefill="f"><input id="siret" data-prefill-siret value="${A}"><input id="name" data-prefill-field="name" value="A name"></form>`
	at('form').replaceWith(answer.firstChild)
	await settled()

	assert.equal(at('form').dataset.prefillState, 'done')
	type(window, 'siret', B)
	await service.answerAll()
	assert.equal(at('name').value, 'B name')
})
