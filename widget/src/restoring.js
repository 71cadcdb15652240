/** Taking up what a former visit of the page left: reload, Back, a member that comes again. */

import { answerKey, answers, leave, result } from './filling.js'
import { identify } from './identifiers.js'
import { recall } from './memory.js'
import { leftOver, normalise } from './number.js'

/** @param {import('./block.js').Block} block */
export function restore(block) {
	const { fields, input, words } = block
	const saved = recall(block.place.name, identify(input?.value || '').value)
	if (saved) fields.recall(saved)
	// Browsers put back the fields, and not a number that has a list of its own.
	if (saved && input && !input.value && fields.live.some(field => field.written)) normalise(block, saved.number)
	const { kind, value, valid } = identify(input?.value || '')
	const known = kind === 'siret' && valid ? value : ''
	if (known) block.handled = `siret ${known}`
	if (!saved) return known && fields.adopt(known)
	const answer = answers.get(answerKey(block, saved.number))
	if (answer) fields.parts = [answer]
	block.asked = new Set(Object.keys(saved.fields).map(key => key.replace(/#\d+$/, '')))
	// Nothing moves in a page that is already seen: notes come with the next thing that the candidate does.
	fields.quiet = performance.getEntriesByName('first-contentful-paint').length > 0
	if (fields.quiet) whenUsed(block.scope, () => fields.reserve())
	if (!fields.live.some(field => field.written)) {
		fields.company = ''
		fields.number = known || saved.number
		return fields.settle()
	}
	fields.stale = saved.number !== value
	if (known && fields.stale) {
		leave(block)
		const act = () => block.fill(known)
		return block.become('stale', words.changed, 'warning', [{ name: 'fill', text: words.fill, act }])
	}
	fields.settle()
	if (fields.stale) return leftOver(block)
	block.putReceipt(saved.receipt)
	block.become('done', result(block, words.restored), 'success')
}

/** @param {HTMLElement} scope @param {() => void} act */
function whenUsed(scope, act) {
	const used = new AbortController()
	const once = () => {
		used.abort()
		act()
	}
	for (const type of ['pointerdown', 'keydown']) scope.addEventListener(type, once, { signal: used.signal })
}
