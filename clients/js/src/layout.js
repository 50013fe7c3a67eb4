// Payloads, frames and snapshots, field by field, by the generated layouts.

import { ProtocolError } from "./errors.js";

const ID_END = 2 ** 32;
/** A mask has a bit for each of so many components at most. */
const MASK_BITS = 16;

/**
 * The number with these low bits that is nearest to another one that both ends know.
 * @param {number} low The low bits.
 * @param {number} width How many there are.
 * @param {number} other The known number.
 */
export function nearest(low, width, other) {
  const size = 2 ** width;
  const apart = (((low - other) % size) + size) % size;
  return other + (apart >= size / 2 ? apart - size : apart);
}

/** The fields of a layout, which may depend on those before them and on what both ends know already. */
export class Layout {
  #fields;

  /**
   * @param {readonly object[]} fields As the generated table has them.
   * @param {{ codecOf: Function, layoutOf: Function, componentCodecs: Function }} codecs How their types are packed;
   *   `layoutOf` answers null for what is not a layout.
   */
  constructor(fields, codecs) {
    this.#fields = fields.map((field) => ({ ...field, part: partOf(field, codecs) }));
  }

  /**
   * Reads the fields.
   * @param {import("./bits.js").BitReader} from
   * @param {object[]} [scopes] Where to find what low bits are near to, innermost first.
   * @param {number} [before] The id before this one, of an entry in a list with ascending ids.
   */
  read(from, scopes = [], before = 0) {
    const values = {};
    const inner = [values, ...scopes];
    for (const field of this.#fields) {
      if (!isThere(field, values)) continue;
      if (!field.times) {
        values[field.name] = field.part.read(from, inner, before);
        continue;
      }
      const list = [];
      let last = 0;
      for (let left = values[field.times]; left > 0; left -= 1) {
        const value = field.part.read(from, inner, last);
        last = value?.entity ?? value;
        list.push(value);
      }
      values[field.name] = list;
    }
    return values;
  }

  /** Writes the fields. Counts, flags and masks are fields like others. */
  write(out, values, scopes = [], before = 0) {
    const inner = [values, ...scopes];
    for (const field of this.#fields) {
      if (!isThere(field, values)) continue;
      if (!field.times) {
        field.part.write(out, values[field.name], inner, before);
        continue;
      }
      let last = 0;
      for (const value of values[field.name]) {
        field.part.write(out, value, inner, last);
        last = value?.entity ?? value;
      }
    }
  }
}

function isThere({ when }, values) {
  if (!when) return true;
  const value = Number(values[when.field] ?? 0);
  return when.has === undefined ? when.is.includes(value) : (value & when.has) !== 0;
}

/** How one value of a field is packed. */
function partOf({ type, near, step = 1 }, codecs) {
  const [, kind, count] = /^(bits|signed|low)<(\d+)>$/.exec(type) ?? [];
  const bits = Number(count);
  if (kind === "bits") return { read: (from) => from.take(bits), write: (out, value) => out.put(value, bits) };
  if (kind === "signed") {
    return {
      read: (from) => (from.take(bits) << (32 - bits)) >> (32 - bits),
      write: (out, value) => out.put(value, bits),
    };
  }
  if (kind === "low") return low(bits, step, near.split("."));
  if (type === "ascending") return ASCENDING;
  if (type === "components") return components(codecs.componentCodecs());
  return inner(type, codecs);
}

/** The low bits of a number, in steps, that is nearest to a known one. */
function low(bits, step, path) {
  const width = bits + Math.log2(step);
  return {
    read: (from, scopes) => nearest(from.take(bits) * step, width, known(path, scopes)),
    write: (out, value) => out.put(Math.floor((value + step / 2) / step), bits),
  };
}

/** The value of a path like `newest.tick`, in the nearest of the scopes that has its beginning. */
function known([first, ...rest], scopes) {
  const scope = scopes.find((one) => first in one);
  if (!scope) throw new TypeError(`unknown name in the layout: ${first}`);
  return rest.reduce((value, name) => value[name], scope[first]);
}

const ASCENDING = {
  read(from, _, before) {
    const apart = from.takeUint();
    if (apart === 0 || before + apart >= ID_END) throw new ProtocolError("Malformed", "ids are not in ascending order");
    return before + apart;
  },
  write: (out, value, _, before) => out.putUint(value - before),
};

/** Components by a mask: of what is not new, each says whether it is still there. */
function components(codecs) {
  return {
    read(from, [{ mask, is_new: isNew }]) {
      if (mask >= 2 ** MASK_BITS) throw new ProtocolError("Malformed", `invalid mask: ${mask}`);
      const found = {};
      for (let id = 0; id < MASK_BITS; id += 1) {
        if (((mask >> id) & 1) === 0) continue;
        const isGone = !isNew && from.take(1) === 0;
        const component = codecs.get(id);
        // What is gone and was never known need not be forgotten.
        if (!component && isGone) continue;
        if (!component) throw new ProtocolError("Malformed", `unknown component: ${id}`);
        found[component.name] = isGone ? null : component.codec.read(from);
      }
      return found;
    },
    write(out, values, [{ mask, is_new: isNew }]) {
      for (const [id, { name, codec }] of codecs) {
        if (((mask >> id) & 1) === 0) continue;
        if (!isNew) out.put(values[name] === null ? 0 : 1, 1);
        if (values[name] !== null) codec.write(out, values[name]);
      }
    },
  };
}

/** Another layout, that may be missing, or a value that depends on nothing. */
function inner(type, codecs) {
  const [, optional] = /^option<(.+)>$/.exec(type) ?? [];
  const layout = codecs.layoutOf(optional ?? type);
  if (!layout) return codecs.codecOf(type);
  if (!optional) return layout;
  return {
    read: (from, scopes, before) => (from.take(1) === 1 ? layout.read(from, scopes, before) : null),
    write(out, value, scopes, before) {
      out.put(value === null ? 0 : 1, 1);
      if (value !== null) layout.write(out, value, scopes, before);
    },
  };
}
