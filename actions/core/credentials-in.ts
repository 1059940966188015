/** Passwords and keys inside the addresses and connection strings of a value, as written and decoded. */
export function credentialsIn(value: string): readonly string[] {
  // Of hundreds of values few are worth the search.
  if (!/:\/\/|password=/i.test(value)) return [];
  // Everything is bounded: a value of 1 MiB must not cost more than one look at each of its characters.
  // A password that is not encoded as it should be may hold a slash, or the @ that ends it: both readings are masked.
  const passwords = [/[^\s@]{1,1024}/, /[^\s/?#]{1,1024}/].flatMap((password) => {
    const address = new RegExp(`\\b[a-z][a-z0-9+.-]{0,30}://[^\\s:@/]{0,256}:(${password.source})@`, "gi");
    return [...value.matchAll(address)].map(([, part = ""]) => part);
  });
  const settings = [...value.matchAll(/\bpassword=('[^']{0,1024}'|"[^"]{0,1024}"|[^\s&;]+)/gi)].map(([, part = ""]) => {
    return part.replace(/^(['"])(.*)\1$/, "$2");
  });
  // The key of an endpoint is the end of its address, a parameter, or stands where a user would.
  const keys = [...value.matchAll(/https?:\/\/\S+/gi)].flatMap(([address]) =>
    address.split(/[/?&=#@:]/).filter((part) => /^(?=.*\d)(?=.*[a-z])[\w-]{20,}$/i.test(part)),
  );
  return [...passwords, ...settings, ...keys].flatMap((part) => [part, decoded(part)]);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
