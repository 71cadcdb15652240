import '@angular/compiler'
import { provideZonelessChangeDetection } from '@angular/core'
import { bootstrapApplication } from '@angular/platform-browser'
import { Candidature } from '../../../prefill/web/static/examples/angular.ts'

document.getElementById('app').append(document.createElement('app-candidature'))
bootstrapApplication(Candidature, { providers: [provideZonelessChangeDetection()] })
