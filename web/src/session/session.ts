// Who is signed in: loaded once, then kept; every page asks here.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { answer, client, useCsrf, whenLocked, whenSignedOut } from '@/api/client'
import { Problem } from '@/api/problem'
import { useZone } from '@/moments'
import type { Policy, Session, User } from '@/api/types'
import type { SessionState } from './destination'

export const useSession = defineStore('session', () => {
  const user = ref<User | null>(null)
  const known = ref(false)
  const unreachable = ref<Problem | null>(null)
  const ended = ref(false)
  const waits = ref<Session['waits']>(null)
  const policy = ref<Policy>({ idle_lock_minutes: 0, password_length: 10, second_factor_required: false, time_zone: '' })

  const state = computed<SessionState>(() => {
    if (unreachable.value) return 'unreachable'
    if (!known.value) return 'unknown'
    if (!user.value) return 'nobody'
    if (waits.value === 'code' || waits.value === 'locked') return waits.value
    if (user.value.must_change_password) return 'must-change'
    return waits.value ?? 'signed-in'
  })

  function may(right: string): boolean {
    return user.value?.rights.includes(right) ?? false
  }

  function enter(session: Session): void {
    user.value = session.user
    waits.value = session.waits
    policy.value = session.policy
    useZone(session.policy.time_zone)
    known.value = true
    ended.value = false
    unreachable.value = null
    useCsrf(session.csrf)
  }

  function leave(): void {
    ended.value = ended.value || state.value === 'signed-in'
    user.value = null
    waits.value = null
    known.value = true
    useCsrf('')
  }

  whenSignedOut(leave)
  whenLocked(() => (waits.value = 'locked'))

  async function load(again = false): Promise<void> {
    if (known.value && !again) return
    try {
      enter(await answer<Session>(client.GET('/api/session')))
    } catch (thrown) {
      const problem = thrown as Problem
      unreachable.value = problem.status === 401 ? null : problem
    }
  }

  async function signIn(username: string, password: string): Promise<void> {
    enter(await answer<Session>(client.POST('/api/session', { body: { username, password } })))
  }

  /** The second step of signing in: a code of the phone, or a recovery code. */
  async function giveCode(code: string): Promise<void> {
    enter(await answer<Session>(client.POST('/api/session/second-factor', { body: { code } })))
  }

  /** Covers the page at once, and has the service refuse everything until the password is given. */
  async function lock(): Promise<void> {
    if (state.value !== 'signed-in') return
    waits.value = 'locked'
    await answer(client.POST('/api/session/lock')).catch(() => {}) // the cover stays also without a network
  }

  async function unlock(password: string): Promise<void> {
    await answer(client.POST('/api/session/unlock', { body: { password } }))
    await load(true)
  }

  async function changePassword(old_password: string, new_password: string): Promise<void> {
    await answer(client.POST('/api/session/password', { body: { old_password, new_password } }))
    await load(true)
  }

  async function signOut(): Promise<void> {
    await answer(client.DELETE('/api/session'))
    leave()
    ended.value = false
  }

  return { user, state, policy, unreachable, ended, may, load, signIn, giveCode, lock, unlock, changePassword, signOut }
})
