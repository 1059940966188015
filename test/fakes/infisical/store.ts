/** One folder of secrets. */
export interface Folder {
  readonly secrets: Readonly<Record<string, string>>;
  /** Other folders of the same project whose secrets are imported here. */
  readonly imports?: readonly { readonly environment: string; readonly path: string }[];
}

/** A project: environments by slug, their folders by absolute path. */
export interface Project {
  readonly id: string;
  readonly slug: string;
  readonly environments: Readonly<Record<string, Readonly<Record<string, Folder>>>>;
}

/** Where secrets are asked for. */
export interface Location {
  readonly environment: string;
  readonly path: string;
}

/** One secret in the shape of the v3 API. */
export interface RawSecret {
  readonly id: string;
  readonly _id: string;
  readonly workspace: string;
  readonly environment: string;
  readonly version: number;
  readonly type: "shared";
  readonly secretKey: string;
  readonly secretValue: string;
  readonly secretComment: string;
  readonly secretPath: string;
}

/** How secrets are listed. */
export interface ListOptions {
  /** With the folders below. */
  readonly recursive: boolean;
  /** With references replaced. */
  readonly expand: boolean;
}

function foldersAt(project: Project, { environment, path }: Location, recursive: boolean): [string, Folder][] {
  const below = path === "/" ? "/" : `${path}/`;
  const folders = Object.entries(project.environments[environment] ?? {});
  return folders.filter(([name]) => name === path || (recursive && name.startsWith(below)));
}

/** Whether a folder is there: an environment has its root, and what holds a folder is one. */
export function hasFolder(project: Project, { environment, path }: Location): boolean {
  if (path === "/") return project.environments[environment] !== undefined;
  return foldersAt(project, { environment, path }, true).length > 0;
}

/** The secrets of one folder, and with `recursive` of all folders below it. A folder that is not there holds none. */
export function listSecrets(project: Project, { environment, path }: Location, options: ListOptions): RawSecret[] {
  return foldersAt(project, { environment, path }, options.recursive).flatMap(([name, folder]) =>
    Object.entries(folder.secrets).map(([key, value]) => {
      const at = { environment, path: name };
      const id = `${project.id}/${environment}${name}/${key}`;
      return {
        id,
        _id: id,
        workspace: project.id,
        environment,
        version: 1,
        type: "shared" as const,
        secretKey: key,
        secretValue: options.expand ? expand(project, at, value, deepest) : value,
        secretComment: "",
        secretPath: name,
      };
    }),
  );
}

/**
 * The secrets that folders import, each folder of origin apart: the server does not merge them. With `recursive` it gives
 * the imports of all folders below as well, and does not say which of them has which (read in its source).
 */
export function listImports(project: Project, location: Location, options: ListOptions) {
  const imports = foldersAt(project, location, options.recursive).flatMap(([, folder]) => folder.imports ?? []);
  return imports.map((origin) => ({
    environment: origin.environment,
    secretPath: origin.path,
    secrets: listSecrets(project, origin, { ...options, recursive: false }),
  }));
}

// The depth is documented, and that a reference to nothing is left as it is.
const deepest = 10;

/** Replaces `${NAME}`, `${environment.NAME}` and `${environment.folder.NAME}`. */
function expand(project: Project, at: Location, value: string, depth: number): string {
  if (depth === 0) return value;
  return value.replaceAll(/\$\{([^}]+)\}/g, (whole, reference: string) => {
    const parts = reference.split(".");
    const name = parts.pop() ?? "";
    const [environment = at.environment, ...folders] = parts;
    const path = parts.length === 0 ? at.path : `/${folders.join("/")}`;
    const found = project.environments[environment]?.[path]?.secrets[name];
    if (found === undefined) return whole;
    return expand(project, { environment, path }, found, depth - 1);
  });
}
