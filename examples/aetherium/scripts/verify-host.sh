#!/bin/sh
# Runs before the worker: says what the node lacks. The advice for each line is under `hints` in the manifest.
root=${ROOT:-}
status=0

lacks() {
  echo "$1"
  status=1
}

[ -c "$root/dev/kvm" ] || lacks "/dev/kvm not found"
[ -c "$root/dev/vhost-vsock" ] || lacks "/dev/vhost-vsock not found"
[ -s "$root/var/firecracker/vmlinux" ] || lacks "Kernel not found: /var/firecracker/vmlinux"
[ -s "$root/var/firecracker/rootfs.ext4" ] || lacks "Rootfs not found: /var/firecracker/rootfs.ext4"
exit $status
