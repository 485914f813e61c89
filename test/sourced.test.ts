import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  cameFrom,
  cut,
  join,
  type Origin,
  offsetsFrom,
  Sourced,
  SourcedBuilder,
  trim,
} from '../src/syntax/sourced.ts'

const places = (text: Sourced<string>): readonly (Origin<string> | undefined)[] =>
  [...text.text.split('').keys()].map((index) => text.originAt(index))

/** Texts with a place for every unit, put together as readers do: letters of a file, and words that stand for one place. */
const part = fc.oneof(
  fc.record({
    text: fc.string({ maxLength: 6 }),
    of: fc.constantFrom('unit', 'env'),
    at: fc.nat(9),
    step: fc.constant(1),
  }),
  fc.record({
    text: fc.string({ maxLength: 6 }),
    of: fc.constantFrom('unit', 'env'),
    at: fc.nat(9),
    step: fc.constant(0),
  }),
)

const built = fc.array(part, { maxLength: 6 }).map((parts) => {
  const builder = new SourcedBuilder<string>()
  const units: { letter: string; origin: Origin<string> }[] = []
  for (const { text, of, at, step } of parts) {
    if (step === 0) builder.add(text, { of, at })
    else builder.append(new Sourced(text, text === '' ? [] : [{ start: 0, of, at, step: 1 }]))
    for (const [index, letter] of text.split('').entries())
      units.push({ letter, origin: { of, at: at + step * index } })
  }
  return { text: builder.done(), units }
})

const shown = (units: readonly { letter: string; origin: Origin<string> }[]) => ({
  text: units.map(({ letter }) => letter).join(''),
  from: units.map(({ origin }) => origin),
})

const told = (text: Sourced<string>) => ({ text: text.text, from: places(text) })

test('every unit knows its place, whatever the text was put together from', () => {
  fc.assert(
    fc.property(built, ({ text, units }) => {
      expect(told(text)).toEqual(shown(units))
    }),
  )
})

test('what is cut out keeps its places, and so does what is joined', () => {
  fc.assert(
    fc.property(built, built, fc.nat(20), fc.nat(20), (a, b, start, end) => {
      expect(told(cut(a.text, start, end))).toEqual(shown(a.units.slice(start, end)))
      expect(told(join([a.text, b.text]))).toEqual(shown([...a.units, ...b.units]))
      expect(told(join(a.units.map((_, index) => cut(a.text, index, index + 1))))).toEqual(shown(a.units))
    }),
  )
})

test('the part of a text that was read has the places of the whole', () => {
  fc.assert(
    fc.property(built, fc.nat(20), fc.nat(20), ({ text, units }, start, end) => {
      const read = cut(offsetsFrom(text.text), start, end)
      expect(told(cameFrom(read, text))).toEqual(shown(units.slice(start, end)))
    }),
  )
})

test('what things a text comes from is told in order, with the places that it takes up', () => {
  const text = join([
    cut(new Sourced('K3S_TOKEN=abc', [{ start: 0, of: 'unit', at: 0, step: 1 }]), 10),
    new SourcedBuilder<string>().add('long', { of: 'env', at: 4 }).done(),
  ])
  expect(text.text).toBe('abclong')
  expect(text.origins).toEqual([
    { of: 'unit', start: 10, end: 13 },
    { of: 'env', start: 4, end: 5 },
  ])
})

test('trimming takes both ends', () => {
  const text = trim(offsetsFrom('  quay \n', 3))
  expect([text.text, text.originAt(0)?.at, text.originAt(3)?.at, text.originAt(4)]).toEqual([
    'quay',
    5,
    8,
    undefined,
  ])
})
