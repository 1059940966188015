import type { Application } from "../../validate/application.ts";
import type { Images } from "../images.ts";

/** Tells the components apart whose image is built by a deploy, and was not given: nothing is known of it yet. */
export function splitUnbuilt<T extends Pick<Application, "components">>(
  application: T,
  images: Images,
): { readonly built: T; readonly unbuilt: readonly string[] } {
  const all = Object.entries(application.components);
  const isUnbuilt = (name: string) => application.components[name]?.build !== undefined && !(name in images);
  return {
    built: { ...application, components: Object.fromEntries(all.filter(([name]) => !isUnbuilt(name))) },
    unbuilt: all.map(([name]) => name).filter(isUnbuilt),
  };
}
