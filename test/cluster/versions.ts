/**
 * Every version that tests and the demo run on, in one place. `versions.test.ts` holds the Go modules of
 * `toolchain/` and package.json to it. Changing one makes a new entry in the cache; nothing else needs an edit.
 */
export const versions = {
  act: "0.2.89",
  actionlint: "1.7.12",
  buildkit: "0.33.1",
  buildx: "0.37.2",
  certManager: "1.21.2",
  dockerCli: "29.7.2",
  gatewayApi: "1.6.3",
  helm: "4.2.4",
  helm3: "3.21.4",
  kubeconform: "0.8.0",
  kubernetes: "1.35.4",
  kwok: "0.7.0",
  node: "24.21.0",
  prometheusOperator: "0.85.0",
  tailscale: "1.100.0",
  traefik: "3.7.13",
  zizmor: "1.32.0",
} as const;

/** Debian 12's sudo, for the one test that has a user without rights. */
export const sudoPackage = "1.9.13p3-1+deb12u4";

/**
 * Debian 12 packages whose programs the real parts are made of, with the libraries that a bare machine lacks.
 * A security update takes a version off the mirrors; its successor is then taken, and said so (`debian.ts`).
 */
export const debianPackages = {
  "busybox-static": "1:1.35.0-4+deb12u1+b1",
  containerd: "1.6.20~ds1-1+deb12u3",
  "containernetworking-plugins": "1.1.1+ds1-3+b5",
  "docker-registry": "2.8.2+ds1-1",
  "etcd-server": "3.4.23-4+b4",
  iptables: "1.8.9-2",
  libip4tc2: "1.8.9-2",
  libip6tc2: "1.8.9-2",
  libmnl0: "1.0.4-3",
  "libnetfilter-conntrack3": "1.0.9-3",
  libnfnetlink0: "1.0.2-2",
  libnftnl11: "1.2.4-2",
  libseccomp2: "2.5.4-1+deb12u1",
  libunwind8: "1.6.2-3",
  libxtables12: "1.8.9-2",
  runc: "1.1.5+ds1-1+deb12u1",
  strace: "6.1-0.1",
  tini: "0.19.0-1+b3",
} as const;
