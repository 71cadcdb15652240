/** What the pages without a framework do: members and steps that come and go, then the script of the service. */

const at = id => document.getElementById(id)
const service = new URLSearchParams(location.search).get('service')
const form = at('application')
const url = new URLSearchParams(location.search).get('url')
if (url) form.dataset.prefillUrl = url

at('add').addEventListener('click', () => at('members').append(at('second').content.cloneNode(true)))
at('remove').addEventListener('click', () => at('member-2').remove())
const steps = [...document.querySelectorAll('[data-step]')].map(element => [element, document.createComment('step')])
at('next').addEventListener('click', () => steps.forEach(([element, place]) => element.replaceWith(place)))
at('back').addEventListener('click', () => steps.forEach(([element, place]) => place.replaceWith(element)))

window.model = () =>
	Object.fromEntries([
		...['name', 'city'].map(id => [id, at(id)?.value]),
		['form', at('form').value],
		['ess', at('ess-no').checked ? 'non' : at('ess-yes').checked ? 'oui' : ''],
	])
if (window.jQuery) {
	const rules = { siret: { required: true, digits: true, rangelength: [14, 14] }, name: 'required' }
	window.validator = window.jQuery(form).validate({ rules })
	window.model = () => {
		const sent = new URLSearchParams(window.jQuery(form).serialize())
		return {
			name: sent.get('name') ?? undefined,
			city: sent.get('city') ?? undefined,
			form: sent.get('forme'),
			ess: sent.get('ess') || '',
			valid: window.jQuery(form).valid(),
			siret: sent.get('siret'),
		}
	}
}
if (!new URLSearchParams(location.search).has('bare')) {
	const script = document.createElement('script')
	script.src = `${service}/v1/prefill.js`
	document.head.append(script)
}
