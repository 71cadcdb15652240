/** The fields of a block: what was written where, for which company, and what stands beside each. */

import { adapterOf, isControl, spell } from './adapters.js'
import { find, hasValue } from './answers.js'
import { anchorOf, describe, idOf, make, makeButton, placeNote } from './kits.js'
import { decide, isMisread, isOurs, isReformatted } from './rule.js'

/** @typedef {import('./adapters.js').Adapter} Adapter @typedef {import('./rule.js').Written} Written */
/** @typedef {{ producer: string, retrievedAt: string, asOf?: string, source: string, confirm?: boolean, stale?: boolean }} Info */
/**
 * @typedef {object} Field
 * @property {string} name What it is bound to. @property {Adapter | null} adapter Null while it is not in the page.
 * @property {Written} [written] @property {Info} [info]
 * @property {string} [edited] The number for which the candidate filled it in; '' when there was none yet.
 * @property {string} [cancelled] The value that the page refused.
 * @property {{ next: string, text: string, info: Info, value: any }} [suggestion] @property {Record<string, any>} [gap]
 * @property {HTMLElement} [note] @property {string} [drawn] @property {ReturnType<typeof placeOf>} [place] Known while an answer comes.
 */
/** @typedef {{ text?: string, severity?: import('./kits.js').Severity, button?: [string, () => void] }} Remark */

const sourceMarks = ['prefillSource', 'prefillMissing', 'prefillSuggestion', 'prefillForeign']

export class Fields {
	/** @param {import('./block.js').Block} block */
	constructor(block) {
		this.owner = block
		const { language, words, place } = block
		/** @type {import('./adapters.js').Context} */
		this.context = { language, synonyms: place.options().synonyms || [], t: words.t }
		/** @type {Map<string, Field>} */
		this.all = new Map()
		/** The number whose values belong in the form; '' for none. */
		this.company = ''
		/** The number that was asked last: what was typed for another one stays marked after an undo. */
		this.number = ''
		/** @type {import('./transport.js').Answer[]} */
		this.parts = []
		/** Whether the number typed is not, or no longer, the company's. */
		this.stale = false
		/** Whether space is kept for notes, and whether they may be shown. */
		this.reserved = false
		this.quiet = false
		/** @type {Record<string, import('./memory.js').SavedField>} */
		this.saved = {}
		this.savedFor = ''
	}

	/** Look at the page again. @returns {boolean} Whether a field came. */
	collect() {
		/** @type {Map<Element, [string, Adapter]>} */
		const bound = new Map()
		for (const [name, element] of this.owner.place.bindings()) {
			const adapter = adapterOf(element)
			if (!bound.has(adapter.element)) bound.set(adapter.element, [name, adapter])
		}
		/** @type {Record<string, number>} */
		const seen = {}
		let came = false
		const gone = new Map(this.all)
		for (const [element, [name, adapter]] of bound) {
			seen[name] = (seen[name] || 0) + 1
			const key = `${name}#${seen[name]}`
			gone.delete(key)
			const field = this.all.get(key) || { name, adapter: null }
			this.all.set(key, field)
			if (field.adapter?.element !== element) {
				came = true
				this.#arrive(key, field, adapter)
			}
			field.adapter = adapter
		}
		for (const field of gone.values()) this.#depart(field)
		return came
	}

	/** @param {string} key @param {Field} field @param {Adapter} adapter */
	#arrive(key, field, adapter) {
		this.#depart(field)
		for (const { dataset } of adapter.elements) for (const mark of sourceMarks) delete dataset[mark]
		const current = adapter.read()
		// A field that comes back without its value is filled again; with another one, it is the candidate's.
		if (field.written && !isOurs(current, field.written)) {
			if (!adapter.isEmpty()) field.edited = field.written.number
			field.written = undefined
		}
		this.#recognise(key, field, adapter)
	}

	/**
	 * Know again what a former visit wrote. Browsers and pages put values back at any time.
	 * @param {string} key @param {Field} field @param {Adapter} adapter
	 */
	#recognise(key, field, adapter) {
		const saved = this.saved[key]
		if (!saved || field.written || field.edited !== undefined) return
		const current = adapter.read()
		const [before, after, producer, retrievedAt, source, edited, asOf] = saved
		if (adapter.isEmpty() && !adapter.display) return
		if (adapter.display ? !after || edited : edited || current !== after) {
			if (!adapter.display) field.edited = edited || this.savedFor
		} else {
			field.written = { before, after, number: this.savedFor }
			field.info = { producer, retrievedAt, source, asOf }
			if (adapter.display) adapter.write(after)
		}
		delete this.saved[key]
	}

	/** @param {Field} field */
	#depart(field) {
		field.note?.remove()
		field.note = undefined
		field.drawn = undefined
		field.adapter = null
	}

	/** @returns {Field[]} */
	get live() {
		return [...this.all.values()].filter(field => field.adapter)
	}

	get names() {
		return [...new Set(this.live.map(field => field.name))]
	}

	/** Take over what a former visit wrote. @param {import('./memory.js').SavedBlock} saved */
	recall(saved) {
		this.saved = { ...saved.fields }
		this.savedFor = this.company = this.number = saved.number
		for (const [key, field] of this.all) if (field.adapter) this.#arrive(key, field, field.adapter)
		this.collect()
	}

	/** What to keep for a later visit. */
	export() {
		/** @type {Record<string, import('./memory.js').SavedField>} */
		const fields = this.savedFor === (this.company || this.number) ? { ...this.saved } : {}
		for (const [key, { written, info, edited, adapter }] of this.all) {
			if (written && written.number === this.company)
				fields[key] = [
					written.before,
					written.after,
					info.producer,
					info.retrievedAt,
					info.source,
					undefined,
					info.asOf,
				]
			else if (edited) fields[key] = ['', adapter?.read() ?? '', '', '', '', edited]
		}
		return { number: this.company || this.number, fields }
	}

	/** Everything in the form belongs to that number, though the script did not write it. @param {string} number */
	adopt(number) {
		this.number = number
		for (const field of this.live)
			if (!field.written && !field.adapter.display && !field.adapter.isEmpty()) field.edited ??= number
	}

	/**
	 * Bring the form in line with the company and what is known of it. May be called at any time.
	 * @param {import('./transport.js').Answer} [part] What just came, when more is to come: the other fields are as they were.
	 */
	settle(part) {
		if (!part) this.look()
		for (const [key, field] of this.all)
			if (field.adapter) {
				this.#recognise(key, field, field.adapter)
				if (!part || find([part], field.name)) this.#settle(field)
			}
		if (!part) this.look(false)
		this.owner.changed()
	}

	/**
	 * See which fields are shown, all at once and once an answer: each look makes the browser compute its styles.
	 * @param {boolean} [keep]
	 */
	look(keep = true) {
		for (const field of this.live) field.place = keep ? (field.place ?? placeOf(field.adapter)) : undefined
	}

	/** @param {Field} field */
	#settle(field) {
		this.#leave(field)
		field.suggestion = field.gap = undefined
		// What a register says of a company is nothing beside another number.
		const found = this.company && !this.stale && find(this.parts, field.name)
		if (found && hasValue(found)) this.#consider(field, found)
		else if (found && found.gap && !/^not_[ar]/.test(found.gap.reason)) field.gap = found.gap
		this.#draw(field)
	}

	/** @param {Field} field */
	#again(field) {
		this.#settle(field)
		this.owner.changed()
	}

	/** Take away what came from another company, unless the candidate is in the field. @param {Field} field */
	#leave(field) {
		const { adapter, written } = field
		if (!written) return
		const current = adapter.read()
		if (!isOurs(current, written) && !adapter.display) {
			if (isReformatted(current, written.after)) written.after = current
			else {
				field.edited = written.number
				field.written = undefined
				return
			}
		}
		if (written.number === this.company || adapter.focused()) return
		adapter.write(written.before)
		field.written = undefined
		if (!adapter.display && !adapter.isEmpty()) field.edited ??= written.number
	}

	/** @param {Field} field @param {import('./answers.js').Found} found */
	#consider(field, { pointer, value, source, synonyms }) {
		const { adapter, written } = field
		if (written && written.number !== this.company) return
		const info = /** @type {any} */ ({ confirm: false, stale: false, ...source })
		const mark = JSON.stringify([this.company, value])
		// Known to stand there: a page may have laid it out anew.
		if (written && written.mark === mark && !adapter.display && isOurs(adapter.read(), written)) {
			field.info = { ...info, ...written.altered }
			return
		}
		const next = adapter.translate(value, {
			...this.context,
			synonyms: [...this.context.synonyms, [`${value}`, ...synonyms]],
		})
		if (next === null) return
		const current = adapter.read()
		const verdict = decide({
			current,
			empty: adapter.isEmpty(),
			focused: adapter.focused(),
			edited: field.edited !== undefined,
			written: adapter.display ? undefined : written,
			next,
		})
		if (verdict === 'same') {
			if (written) field.info = info
			else if (!adapter.isEmpty()) field.edited = this.company
		} else if (verdict === 'suggest')
			field.suggestion = { next, text: spell(value, document.body, this.context), info, value }
		else if (verdict === 'write') {
			if (field.cancelled === mark) return
			if (this.owner.emit('field', { ...source, pointer, name: field.name, value }, adapter.element))
				this.#write(field, next, info, value)
			else field.cancelled = mark
		}
	}

	/** @param {Field} field @param {string} next @param {Info} info @param {any} value */
	#write(field, next, info, value) {
		const { adapter, written } = field
		const current = adapter.read()
		if (adapter.display && Array.isArray(value) && adapter.element.dataset.prefillList !== undefined)
			this.#list(adapter.element, value)
		else
			// What a mask takes for another amount is tried with the other decimal mark, then given up.
			for (const text of [next, next.replace('.', ','), current])
				if (text === next || isMisread(adapter.read(), next)) adapter.write(text)
		const after = adapter.read()
		const whole = adapter.display || after === next || isReformatted(after, next)
		// A field that refuses the value, or a page that puts its own back, was not filled.
		if (!whole && (after === current || adapter.isEmpty())) return
		field.written = {
			before: written ? written.before : current,
			after,
			number: this.company,
			mark: JSON.stringify([this.company, value]),
			// What the page made of the value came from the company all the same.
			altered: whole ? undefined : { confirm: true },
		}
		field.info = { ...info, ...field.written.altered }
		field.edited = undefined
	}

	/** People, one box each, nobody chosen. @param {HTMLElement} element @param {any[]} people */
	#list(element, people) {
		const items = people.map(person => {
			const item = make('label', 'person')
			const box = document.createElement('input')
			const name =
				person.registrationName || [person.firstName, person.familyName].filter(Boolean).join(' ') || `${person}`
			Object.assign(box, { type: 'checkbox', name: element.dataset.prefillList, value: name })
			item.append(box, ` ${name}${person.role ? `, ${person.role}` : ''}`)
			return item
		})
		element.replaceChildren(...items)
	}

	/** What the candidate did in a field. @param {EventTarget} target @param {boolean} done Whether they left it. */
	edited(target, done) {
		const field = this.fieldOf(target)
		if (!field || field.adapter.display) return
		field.written = undefined
		const number = this.company || this.number
		if (number || field.adapter.elements.length > 1 || /** @type {any} */ (target).type === 'checkbox')
			field.edited = number
		if (done) return this.left(target)
		field.suggestion = field.gap = undefined
		this.#draw(field)
		this.owner.changed()
	}

	/** The candidate left a field: what waited is done. @param {EventTarget} target */
	left(target) {
		const field = this.fieldOf(target)
		if (!field) return
		this.#again(field)
	}

	/** @param {EventTarget | string} target An element, or a name. */
	fieldOf(target) {
		return this.live.find(
			({ name, adapter }) =>
				name === target ||
				adapter.elements.some(
					element => element === target || (target instanceof Node && !isControl(element) && element.contains(target)),
				),
		)
	}

	/** Write the register's value over the candidate's, as they ask. @param {Field} field */
	take(field) {
		const { next, info, value } = field.suggestion
		field.written = undefined
		field.edited = undefined
		this.#write(field, next, info, value)
		this.#again(field)
		field.adapter.element.focus()
	}

	/** Give one field back as it was before. @param {Field} field */
	revert(field) {
		const { adapter, written } = field
		const foreign = this.#foreign(field)
		adapter.write(written && isOurs(adapter.read(), written) ? written.before : '')
		field.written = undefined
		// What was another company's leaves the field free; what they do not want of this one is not written again.
		field.edited = foreign ? undefined : this.company
		this.#again(field)
	}

	/** Give the form back as it was before the prefill. */
	revertAll() {
		this.company = ''
		this.parts = []
		this.reserved = false
		this.settle()
	}

	/** The form was emptied by its own button. */
	forget() {
		this.saved = {}
		this.number = ''
		for (const field of this.all.values()) field.written = field.edited = field.cancelled = undefined
		this.revertAll()
	}

	/** The number that was asked is another way of naming this one. @param {string} number */
	rename(number) {
		for (const field of this.all.values()) {
			if (field.written?.number === this.company) field.written.number = number
			if (field.edited === this.company) field.edited = number
		}
		this.company = this.number = number
	}

	/** The company that a field's value belongs to, when it is another one. @param {Field} field */
	#foreign({ written, edited, adapter }) {
		const company = this.company || this.number
		if (!company || adapter.display || adapter.isEmpty()) return ''
		const number = written ? written.number : edited
		return number && (number !== company || this.stale) ? number : ''
	}

	/** Whether the register has nothing for an empty field. @param {Field} field */
	#lacks = ({ gap, written, adapter }) => !!gap && !written && (adapter.display || adapter.isEmpty())

	counts() {
		const { live } = this
		const ours = live.filter(({ written }) => written?.number === this.company)
		const foreign = live.filter(field => this.#foreign(field))
		return {
			ours,
			foreign,
			filled: this.stale ? [] : ours,
			missing: live.filter(this.#lacks),
			confirm: live.filter(
				field => field.suggestion || foreign.includes(field) || (field.written && field.info?.confirm),
			),
		}
	}

	/** @param {Field} field @returns {Remark} */
	#remark(field) {
		const { words } = this.owner
		const { written, info, suggestion, gap } = field
		const foreign = this.#foreign(field)
		if (this.quiet) return {}
		if (suggestion && !written)
			return {
				text: words.suggestion(suggestion.info.producer, suggestion.text),
				severity: 'warning',
				button: [words.take, () => this.take(field)],
			}
		if (foreign)
			return {
				text: written ? words.former(foreign) : words.foreign(foreign),
				severity: 'warning',
				button: [words.remove, () => this.revert(field)],
			}
		if (written)
			return {
				text:
					words.filledBy(info.producer, words.day(info.retrievedAt || ''), info.asOf && words.day(info.asOf)) +
					(info.stale ? words.asOf : info.confirm ? words.confirm : words.check),
				severity: info.stale ? 'warning' : 'info',
			}
		return this.#lacks(field) ? { text: gap.message, severity: 'info' } : {}
	}

	/** @param {Field} field */
	#draw(field) {
		const { adapter, written, info, gap, suggestion } = field
		const remark = this.#remark(field)
		const marks = [
			written && info.source,
			this.#lacks(field) && gap.reason,
			suggestion?.info.source,
			this.#foreign(field),
		]
		const drawn = [...marks, remark.text, remark.button?.[0], this.reserved].join('\n')
		if (field.drawn === drawn && field.note?.isConnected !== false) return
		for (const { dataset } of adapter.elements)
			sourceMarks.forEach((mark, index) => {
				if (marks[index]) dataset[mark] = marks[index]
				else delete dataset[mark]
			})
		this.#note(field, remark)
		field.drawn = drawn
	}

	/** @param {Field} field @param {Remark} remark */
	#note(field, { text, severity, button }) {
		const { adapter } = field
		const { kit } = this.owner
		const { element, elements } = adapter
		const { visible } = field.place?.visible ? field.place : placeOf(adapter)
		const focused = field.note?.contains(document.activeElement)
		const shown = visible && (text || this.reserved)
		if (shown && !field.note?.isConnected) this.#place(field)
		const { note } = field
		if (!note) return
		for (const each of elements) describe(each, shown && text ? note.id : '', note.id)
		if (!shown) {
			note.remove()
			field.note = undefined
			return
		}
		const classes = `${kit.note} ${severity ? kit.severity(severity) : ''}`.trim()
		let body = note
		note.replaceChildren()
		if (kit.wrap) note.append((body = make('p', 'remark', classes)))
		else note.className = `prefill-note ${note.dataset.large || ''} ${classes}`
		// In one element: a flex container would eat the space between the text and the button.
		const line = make('span', 'text', '', text)
		// An empty line has the height of the one to come.
		body.append(text ? line : '\u00a0')
		if (button) line.append(makeButton('take', kit.link, ...button, `${button[0]} : ${labelOf(adapter)}`))
		if (focused) element.focus()
	}

	/** @param {Field} field */
	#place(field) {
		const { adapter, name, written } = field
		const { kit, scope } = this.owner
		const note = (field.note = make(kit.wrap ? 'div' : 'span', 'note', kit.wrap || kit.note))
		idOf(note)
		if (!adapter.display && !adapter.isEmpty() && !written) {
			note.dataset.large = 'prefill-note-large'
			note.classList.add('prefill-note-large')
		}
		const slot = /** @type {HTMLElement[]} */ ([...scope.querySelectorAll('[data-prefill-note]')]).find(({ dataset }) =>
			[name, adapter.element.id].includes(dataset.prefillNote),
		)
		if (slot) slot.append(note)
		else placeNote(note, adapter, kit, scope, (field.place || placeOf(adapter)).anchor)
	}

	/** Reserve space for notes before the answer comes, so that nothing moves when it does. */
	reserve() {
		this.reserved = true
		this.quiet = false
		this.look()
		for (const field of this.live) this.#draw(field)
		if (!this.owner.job) this.look(false)
	}

	detach() {
		for (const field of this.live) {
			for (const element of field.adapter.elements) {
				if (field.note) describe(element, '', field.note.id)
				for (const mark of sourceMarks) delete element.dataset[mark]
			}
			this.#depart(field)
		}
	}
}

/** Whether a field is shown, and what its note may stand after: both make the browser compute its styles. @param {Adapter} adapter */
const placeOf = ({ element, elements }) => ({
	visible: element.type !== 'hidden' && (!element.checkVisibility || element.checkVisibility()),
	anchor: anchorOf(elements[elements.length - 1], elements),
})

/** @param {Adapter} adapter The name of a field, for people. */
export function labelOf({ element, elements }) {
	const group = elements.length > 1 && element.closest('fieldset,[role=radiogroup],[role=group]')
	const named = group || element
	const id = named.getAttribute('aria-labelledby')?.split(' ')[0]
	const root = /** @type {Document} */ (element.getRootNode())
	const label =
		named.getAttribute('aria-label') ||
		(id && root.getElementById?.(id)?.textContent) ||
		(group && group.querySelector('legend')?.textContent) ||
		ownText(/** @type {any} */ (element).labels?.[0] || element.closest('label')) ||
		named.getAttribute('label') ||
		named.getAttribute('name') ||
		element.dataset.prefillField
	return (label || '').replace(/\s+/g, ' ').trim()
}

/** @param {Element | null | undefined} label The first words of a label, without hints and fields inside. */
const ownText = label =>
	label &&
	([...label.childNodes]
		.filter(node => node.nodeType === 3)
		.map(node => node.textContent)
		.join(' ')
		.trim() ||
		label.textContent)
