// Small pictures that come in one answer, one behind the other.

/** @typedef {{ address: string, parts: [name: string, bytes: number][] }} Pack */

/**
 * Addresses of the pictures in a pack, by name; none where it does not come whole.
 * @param {Pack} pack
 * @returns {Promise<Record<string, string>>}
 */
export async function unpacked({ address, parts }) {
  try {
    const answer = await fetch(address);
    if (!answer.ok) return {};
    return split(await answer.arrayBuffer(), parts);
  } catch {
    return {};
  }
}

function split(bytes, parts) {
  if (parts.reduce((sum, [, length]) => sum + length, 0) !== bytes.byteLength) return {};
  let from = 0;
  const address = ([name, length]) => {
    const picture = new Blob([bytes.slice(from, from + length)], { type: "image/png" });
    from += length;
    return [name, URL.createObjectURL(picture)];
  };
  return Object.fromEntries(parts.map(address));
}
