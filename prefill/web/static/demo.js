/* The demonstration around the form: it listens to the script's events, and does nothing that a site could not do. */
(() => {
  'use strict'
  const at = id => document.getElementById(id)
  const form = at('form'), siret = at('siret'), rows = at('sources').tBodies[0]
  const make = (tag, props = {}, ...children) => {
    const el = Object.assign(document.createElement(tag), props)
    el.append(...children)
    return el
  }
  const REASONS = {
    absent: 'Absent', withheld: 'Non diffusé', unavailable: 'En panne', late: 'En retard',
    not_entitled: 'Sans accès', reserved: 'Réservé', declared: 'À déclarer',
  }
  const STATUSES = {
    ok: 'a répondu', absent: 'ne connaît pas', withheld: 'ne diffuse pas', unavailable: 'ne répond pas', late: 'tarde',
    not_entitled: 'sans accès', not_applicable: 'sans objet', misconfigured: 'refuse l’accès', not_requested: 'à la demande',
  }

  // -- one click fills in the number, as typing would
  for (const card of document.querySelectorAll('[data-siret]')) {
    card.addEventListener('click', () => {
      siret.value = card.dataset.siret
      siret.dispatchEvent(new Event('input', { bubbles: true }))
      form.scrollIntoView({ block: 'start' })
      siret.focus({ preventScroll: true })
    })
  }
  siret.addEventListener('input', () => {
    const number = siret.value.replace(/\D/g, '')
    for (const card of document.querySelectorAll('[data-siret]')) {
      card.setAttribute('aria-pressed', card.dataset.siret === number)
    }
  })

  // -- beside the form: who signs what
  const label = el => (el.labels?.[0] || el.previousElementSibling || el).textContent.trim()
  const NAMES = { representatives: 'Représentants', '': 'Catégorie d’entreprise' }
  const nameOf = el => NAMES[el.id] ?? label(el)
  function row(name, kind, text, detail) {
    at('sources').hidden = false
    at('sources-empty').hidden = true
    const known = [...rows.rows].find(one => one.cells[0].textContent === name)
    const line = make('tr', {}, make('th', { scope: 'row', textContent: name }),
      make('td', {}, make('span', { className: `tag ${kind}`, textContent: text }), ' ', detail))
    if (known) known.replaceWith(line)
    else rows.append(line)
  }
  function clear() {
    rows.replaceChildren()
    at('registers').replaceChildren()
    at('registers').hidden = at('sources').hidden = true
    at('sources-empty').hidden = false
    at('representatives').replaceChildren()
    at('json').textContent = 'Pas encore de réponse.'
  }
  const moment = text => new Date(text).toLocaleString('fr-FR', { dateStyle: 'short' })

  form.addEventListener('prefill:start', event => {
    clear()
    at('asked').textContent = event.detail.siret
  })
  form.addEventListener('prefill:field', event => {
    const { producer, retrievedAt, asOf, confirm } = event.detail
    const dated = asOf ? `à jour du ${moment(asOf)}` : retrievedAt ? moment(retrievedAt) : ''
    row(nameOf(event.target), confirm ? 'confirm' : 'ok', producer, dated)
    if (event.target.id !== 'representatives') return
    // A list is drawn by the page itself: nobody is chosen for the candidate.
    event.preventDefault()
    event.target.replaceChildren(...event.detail.value.map((person, index) => {
      const who = person.registrationName || `${person.firstName || ''} ${person.familyName}`.trim()
      const box = make('input', { type: 'checkbox', name: 'representative', value: who, id: `representative-${index}` })
      const role = make('span', { className: 'role', textContent: person.role || 'fonction non précisée' })
      return make('label', { className: 'person' }, box, make('span', {}, make('strong', { textContent: who }), role))
    }), make('p', { className: 'prefill-note', textContent: `Prérempli : ${producer}. À confirmer.` }))
  })
  form.addEventListener('prefill:done', event => {
    const { answer } = event.detail
    at('json').textContent = JSON.stringify(answer, null, 2)
    for (const el of form.querySelectorAll('[data-prefill-missing]')) {
      const note = (el.getAttribute('aria-describedby') || '').split(' ').map(at).find(one => one?.classList.contains('prefill-note'))
      row(nameOf(el), 'gap', REASONS[el.dataset.prefillMissing] || 'Absent', note?.textContent || '')
    }
    at('registers').hidden = false
    at('registers').replaceChildren(...Object.entries(answer.sources).map(([name, one]) => make('li', {},
      make('span', { className: `dot ${one.status}`, ariaHidden: 'true' }), make('code', { textContent: name }),
      ` ${STATUSES[one.status] || one.status}`,
      make('small', { textContent: one.cached ? 'en mémoire' : one.seconds ? `${one.seconds.toLocaleString('fr-FR')} s` : '' }))))
  })
  form.addEventListener('prefill:error', event => {
    if (event.detail.problem) at('sources-empty').textContent = `${event.detail.problem.title} (${event.detail.problem.status}) : rien n’a été prérempli.`
    at('json').textContent = event.detail.problem ? JSON.stringify(event.detail.problem, null, 2) : 'Pas de réponse.'
  })
  form.addEventListener('prefill:undo', clear)

  // -- tabs, as the ARIA practices describe them
  const tabs = [...document.querySelectorAll('[role=tab]')]
  function show(tab) {
    for (const one of tabs) {
      one.setAttribute('aria-selected', one === tab)
      one.tabIndex = one === tab ? 0 : -1
      at(one.getAttribute('aria-controls')).hidden = one !== tab
    }
    tab.focus()
  }
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener('click', () => show(tab))
    tab.addEventListener('keydown', ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key]
      if (step) show(tabs.at((index + step) % tabs.length))
    })
  }

  at('print').addEventListener('click', () => window.print())
  at('copy').addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(at('snippet').textContent)
      at('copied').textContent = 'Copié.'
    } catch {
      getSelection().selectAllChildren(at('snippet'))
      at('copied').textContent = 'Sélectionné : Ctrl+C pour copier.'
    }
  })
})()
