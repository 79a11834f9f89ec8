// Stands in until `npm run client` writes this file from the service's OpenAPI document.
import type { DictionaryList, Layer, Located, MapInfo, SearchItem, Session } from './types'

type Ok<T> = { responses: { 200: { headers: object; content: { 'application/json': T } } } }
type Parameters<Q = never, P = never> = { parameters: { query?: Q; path?: P; header?: never; cookie?: never } }
type Get<T, Q = never> = { get: Ok<T> & { parameters: { query: Q } } }

export interface paths {
  '/api/session': {
    get: Ok<Session> & Parameters
    post: Ok<Session> & {
      requestBody: { content: { 'application/json': { username: string; password: string } } }
    }
    delete: { responses: { 204: { headers: object; content?: never } } }
  }
  '/api/session/password': {
    post: { responses: { 204: { headers: object; content?: never } } } & {
      requestBody: { content: { 'application/json': { old_password: string; new_password: string } } }
    }
  }
  '/api/map': { get: Ok<MapInfo> & Parameters }
  '/api/layers': { get: Ok<{ layers: Layer[] }> & Parameters }
  '/api/search': Get<{ items: SearchItem[] }, { q: string; limit?: number }>
  '/api/locate': Get<Located, { lon: number; lat: number }>
  '/api/dictionary/{list}': { get: Ok<DictionaryList> & { parameters: { path: { list: string } } } }
}
