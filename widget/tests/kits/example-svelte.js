import { mount } from 'svelte'
import Candidature from '../../../prefill/web/static/examples/svelte.svelte'

mount(Candidature, { target: document.getElementById('app') })
