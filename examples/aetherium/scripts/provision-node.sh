#!/bin/sh
# Makes a node with KVM ready for workers and labels it. A node without KVM is left as it is. May run any number of times.
set -eu
host=${HOST:-/host}
assets=$host/var/firecracker
programs=$host/usr/local/bin

if [ ! -c "$host/dev/kvm" ]; then
  echo "$NODE_NAME has no /dev/kvm and stays without workers"
  exit 0
fi

# Gives a file its name only when all of it is there.
fetch() {
  [ -s "$2" ] || { curl -fsSL --retry 5 --output "$2.part" "$1" && mv "$2.part" "$2"; }
}

mkdir -p "$assets" "$programs"
if [ ! -x "$programs/firecracker" ]; then
  name=firecracker-$FIRECRACKER_VERSION-x86_64
  releases=https://github.com/firecracker-microvm/firecracker/releases/download
  fetch "$releases/$FIRECRACKER_VERSION/$name.tgz" "$assets/$name.tgz"
  tar -xzf "$assets/$name.tgz" -C "$assets"
  mv "$assets/release-$FIRECRACKER_VERSION-x86_64/$name" "$programs/firecracker"
  chmod 755 "$programs/firecracker"
fi
fetch "$KERNEL_URL" "$assets/vmlinux"
if [ -n "$ROOTFS_URL" ]; then
  fetch "$ROOTFS_URL" "$assets/rootfs.ext4"
else
  [ -s "$assets/rootfs.ext4" ] || chroot "$host" prepare-rootfs-with-tools.sh
fi
kubectl label node "$NODE_NAME" aetherium.io/kvm-enabled=true --overwrite
