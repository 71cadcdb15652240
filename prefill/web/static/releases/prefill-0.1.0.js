// Manual: docs/widget.md
(() => {
	'use strict'
	if (window.Prefill) return
	const { src } = document.currentScript
	const digits = text => text.normalize('NFKC').replace(/\D/g, '')
	const sum = (d, luhn) => [...d].reduce((all, c, i) => all + (luhn && (d.length - i) % 2 == 0 ? c * 2 - (c > 4) * 9 : +c), 0)
	// La Poste: a multiple of five.
	const valid = d => d.length == 14 && sum(d.slice(0, 9), 1) % 10 == 0
		&& (/^356000000(?!00048)/.test(d) ? sum(d) % 5 : sum(d, 1) % 10) == 0
	const pause = ms => new Promise(end => setTimeout(end, ms))

	let held
	async function ask(siret, o, tell) {
		const url = new URL('prefill/' + siret, new URL(o.url || '.', src))
		for (const key of ['schema', 'fields', 'with', 'tenant']) if (o[key]) url.searchParams.set(key, o[key])
		const once = async (Accept, ms) => {
			const quit = new AbortController()
			const soon = act => Promise.race([act, pause(ms).then(() => Promise.reject(0))])
			const settle = (body, ok) => {
				if (ok) return body
				throw Error(body.detail, { cause: body })
			}
			try {
				const answer = await soon(fetch(url, {
					headers: { Accept, 'Accept-Language': o.lang || 'fr' },
					credentials: 'omit',
					signal: AbortSignal.any([quit.signal, o.signal || quit.signal]),
				}))
				if (!/event/.test(answer.headers.get('Content-Type'))) return settle(await soon(answer.json()), answer.ok)
				const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
				for (let text = ''; ;) {
					const { value, done } = await soon(reader.read())
					if (done) throw 0
					const blocks = (text + value).split('\n\n')
					text = blocks.pop()
					for (const block of blocks) {
						const [, kind, data] = /^event: (.*)[^]*\ndata: (.*)/.exec(block) || []
						if (kind == 'fields') tell(JSON.parse(data))
						else if (kind) return settle(JSON.parse(data), kind == 'done')
					}
				}
			} finally {
				quit.abort()
			}
		}
		try {
			if (tell && !held) return await once('text/event-stream', 5e3)
		} catch (fault) {
			if (fault.cause || o.signal?.aborted) throw fault
			held = true
		}
		return once('application/json', 2e4)
	}

	const isField = el => el.matches('input,select,textarea')
	const isBox = el => /^(radio|checkbox)$/.test(el.type)
	const group = el => el.type == 'radio' ? [...document.getElementsByName(el.name)].filter(x => x.form == el.form && x.type == el.type) : [el]
	const read = el => isBox(el) ? group(el).findIndex(x => x.checked) : isField(el) ? el.value : el.textContent
	const choices = el => (el.options || isBox(el)) && [...el.options || group(el)]
	const blank = el => choices(el) ? choices(el).every(x => x.checked == x.defaultChecked && (x.selected || !x.defaultSelected)) : !isField(el) || !el.value
	let writing
	// Frameworks replace the setter.
	function set(el, key, value) {
		if (el[key] === value) return
		writing = true
		Object.getOwnPropertyDescriptor(Object.getPrototypeOf(el), key).set.call(el, value)
		for (const type of isBox(el) ? ['click', 'input', 'change'] : ['input', 'change']) el.dispatchEvent(new Event(type, { bubbles: true }))
		writing = false
	}
	const write = (el, value) => isBox(el) ? group(el).forEach((x, i) => set(x, 'checked', i == value))
		: isField(el) ? set(el, 'value', value) : el.textContent = value
	const plain = text => `${text}`.normalize('NFD').replace(/[\u0300-\u036f]/g, '').trim().toLowerCase()
	function choose(list, value) {
		const words = { true: ['true', '1', 'oui', 'yes'], false: ['false', '0', 'non', 'no'] }[value] || [plain(value)]
		const by = label => list.find(x => words.includes(plain(label(x))))
		return by(x => x.value) || by(x => x.text ?? x.labels[0]?.textContent)
	}
	const describe = (el, id, old) => el.setAttribute('aria-describedby',
		`${(el.getAttribute('aria-describedby') || '').replace(old, '')} ${id}`.trim())
	function find({ aliases, provenance, missing, data }, name) {
		const pointer = aliases[name] || name
		const value = pointer.split('/').slice(1).reduce((v, key) => v?.[key], pointer[0] == '/' ? data : null)
		let at = pointer
		while (at && !provenance[at] && !missing[at]) at = at.replace(/\/?[^/]*$/, '')
		return { pointer, value, source: provenance[at], gap: missing[at] }
	}

	let count = 0
	function attach(form, o = {}) {
		form = form.nodeType ? form : document.querySelector(form)
		if (form.prefill) return form.prefill
		form.dataset.prefillState = ''
		const filled = new Map(), notes = new Map()
		let touched = new WeakSet(), job, current, company
		const near = form.closest('[data-prefill]')?.dataset || {}
		const lang = /^en/.test(o.lang || form.closest('[lang]')?.lang) ? 'en' : 'fr'
		const t = (fr, en) => lang == 'en' ? en : fr
		const own = selector => [...form.querySelectorAll(selector)].filter(el => el.parentNode.closest('[data-prefill-state]') == form)
		const make = (tag, kind, textContent) => Object.assign(document.createElement(tag), { className: 'prefill-' + kind, textContent, id: `prefill-${++count}-` })
		const emit = (type, detail, el = form) => el.dispatchEvent(new CustomEvent('prefill:' + type, { bubbles: true, cancelable: true, detail }))
		const listen = (el, type, act) => el?.addEventListener(type, act)
		const map = Object.assign({}, ...[...document.querySelectorAll('[data-prefill-map]')].map(el => JSON.parse(el.textContent)), o.map)
		const input = own(o.siret || Object.keys(map).find(key => map[key] == '@siret') || '[data-prefill-siret]')[0]
		let [status] = own('[data-prefill-status]'), [button] = own('[data-prefill-undo]')
		if (!status) (input?.closest('label') || input || form.lastChild).after(status = make('p', 'status'))
		if (!button) status.after(button = make('button', 'undo', t('Annuler le préremplissage', 'Undo prefilling')))
		status.role = 'status'
		button.type = 'button'
		button.hidden = true

		function spell(value, el) {
			if (typeof value == 'object') return Object.values(value).map(x => spell(x, el)).join(!Array.isArray(value) ? ' ' : el.rows ? '\n' : ', ')
			const text = value === true ? t('oui', 'yes') : value === false ? t('non', 'no') : value + ''
			return /date|hidden/.test(el.type) ? text : text.replace(/^(\d{4})-(\d\d)-(\d\d)$/, t('$3/$2/$1', '$&'))
		}
		function translate(el, value) {
			const list = choices(el)
			if (!list) return spell(value, el)
			const x = choose(list, value)
			return el.options ? x?.value : x ? list.indexOf(x) : value === !!value && el.type == 'checkbox' ? value - 1 : null
		}
		function note(el, text = '', key, word) {
			const old = notes.get(el), it = make('span', 'note', text), last = group(el).pop()
			old?.remove()
			notes.delete(el)
			for (const x of group(el)) {
				describe(x, text && it.id, old?.id)
				delete x.dataset.prefillSource
				delete x.dataset.prefillMissing
				if (text) x.dataset[key] = word
			}
			if (!text) return
			isField(el) ? (last.closest('label') || last).after(it) : el.append(it)
			notes.set(el, it)
		}
		const ours = el => !touched.has(el) && (filled.has(el) ? !isField(el) || read(el) === filled.get(el).after : blank(el))
		function apply(answer) {
			const names = new Map(own('[data-prefill-field]').map(el => [group(el)[0], el.dataset.prefillField]))
			for (const selector in map) for (const el of own(selector)) names.set(group(el)[0], map[selector])
			for (const [el, name] of names) {
				const { pointer, value, source, gap } = find(answer, name), was = filled.get(el), mark = JSON.stringify(value)
				if (!ours(el) || el == input || was && was.mark == mark) continue
				if (source && value != null && value !== '') {
					const before = was ? was.before : read(el), next = translate(el, value)
					if (next == null || !emit('field', { ...source, pointer, name, value }, el)) continue
					write(el, next)
					filled.set(el, { before, after: read(el), mark, by: source.producer })
					note(el, `${t('Prérempli : ', 'Prefilled: ')}${source.producer}, ${spell((source.retrievedAt || '').slice(0, 10), form)}. `
						+ (source.confirm ? t('À confirmer.', 'Please confirm.') : t('À vérifier.', 'Please check.')), 'prefillSource', source.source)
				} else if (gap && !was && !/^not_[ar]/.test(gap.reason)) note(el, gap.message, 'prefillMissing', gap.reason)
			}
			button.hidden = !filled.size
		}
		function revert() {
			for (const [el, { before }] of filled) if (ours(el)) write(el, before)
			for (const el of notes.keys()) note(el)
			filled.clear()
			button.hidden = true
			emit('undo', { siret: company })
			company = ''
		}
		function stop(text = '', state = '') {
			job?.abort()
			current = ''
			status.textContent = text
			form.dataset.prefillState = state
		}
		async function run(siret = digits(input.value)) {
			if (!emit('start', { siret })) return
			stop(t('Recherche…', 'Searching…'), 'busy')
			const { signal } = job = new AbortController()
			if (company && siret != company) revert()
			current = company = siret
			const opts = { schema: near.prefill, url: near.prefillUrl, tenant: near.prefillTenant, with: near.prefillWith, fields: near.prefillFields, ...o, lang, signal }
			const told = () => t('Champs préremplis : ', 'Fields filled in: ') + filled.size
			let tell = part => {
				apply(part)
				status.textContent = told() + (part.expected > 1 ? ` ; ${part.answered} ${t('registres sur', 'of')} ${part.expected}…` : '…')
			}
			try {
				for (;;) {
					const answer = await ask(siret, opts, tell)
					apply(answer)
					const missing = own('[data-prefill-missing]').length
					const by = [...new Set([...filled.values()].map(x => x.by))].join(', ')
					form.dataset.prefillState = answer.complete ? 'done' : 'partial'
					if (emit('done', { siret, answer, filled: filled.size, missing })) status.textContent = [
						(by ? `${told()} (${by})${t(', à vérifier', ', to be checked')}` : t('Rien à préremplir : continuez à la main', 'Nothing to fill in: carry on by hand'))
						+ (missing ? t(' ; à saisir : ', '; left to you: ') + missing : '') + '.', ...answer.notices.map(x => x.message),
					].join(' ')
					if (!tell || !/"late"/.test(JSON.stringify(answer.missing))) return
					tell = null
					await pause(4e3)
				}
			} catch (error) {
				if (!signal.aborted && emit('error', { siret, error, problem: error.cause })) stop(error.cause?.detail
					|| t('Le service ne répond pas : continuez à la main.', 'The service does not answer: carry on by hand.'), 'error')
			}
		}
		function undo() {
			revert()
			stop(t('Préremplissage annulé.', 'Prefilling undone.'))
			input?.focus()
		}
		function typed(type) {
			const d = digits(input.value), last = input.selectionStart == input.value.length || type == 'change'
			// A pattern wants no spaces.
			const text = input.pattern ? d : d.replace(/^(.{3})(.{0,3})(.{0,3})/, '$1 $2 $3 ').trim()
			if (text != input.value && last) set(input, 'value', text)
			if (d == current) return
			const wrong = !valid(d) && (d.length > 13 || d && type == 'change')
			input.ariaInvalid = wrong ? 'true' : null
			if (wrong) stop(t('Ce SIRET n’existe pas : vérifiez ses 14 chiffres.', 'This SIRET does not exist: check its 14 digits.'), 'error')
			else stop()
			if (valid(d)) run(d)
		}
		function edited({ target: el, type }) {
			if (writing || el.closest('[data-prefill-state]') != form) return
			if (el == input) return typed(type)
			touched.add(group(el)[0])
			note(group(el)[0])
		}
		listen(form, 'input', edited)
		listen(form, 'change', edited)
		listen(form, 'reset', () => {
			filled.clear()
			revert()
			touched = new WeakSet()
			stop()
		})
		listen(button, 'click', undo)
		if (input) {
			describe(input, status.id ||= `prefill-${++count}-`)
			input.inputMode ||= 'numeric'
			input.removeAttribute('maxlength')
			listen(input.form, 'formdata', ({ formData }) => {
				const values = formData.getAll(input.name)
				formData.delete(input.name)
				values.forEach(x => formData.append(input.name, digits(x)))
			})
		}
		return form.prefill = { run, undo, stop }
	}

	function scan() {
		for (const form of document.querySelectorAll('[data-prefill]')) {
			const inputs = form.querySelectorAll('[data-prefill-siret]')
			if (inputs[1]) inputs.forEach(el => attach(el.closest('fieldset') || form))
			else attach(form)
		}
	}
	window.Prefill = { attach, scan, fetch: (siret, o = {}) => ask(digits(siret), o, o.onfields) }
	document.readyState == 'loading' ? document.addEventListener('DOMContentLoaded', scan) : scan()
})()
