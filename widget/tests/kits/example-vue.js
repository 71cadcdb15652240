import { createApp } from 'vue'
import Candidature from '../../../prefill/web/static/examples/vue.vue'

createApp(Candidature).mount('#app')
