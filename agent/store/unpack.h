/* SPDX-License-Identifier: MIT */
/*
 * unpack - makes the folder of a layer from its tar archive
 *
 * The result is a lower layer for overlayfs: a whiteout is a character device
 * 0:0, an opaque folder has the xattr trusted.overlay.opaque (kernel
 * Documentation/filesystems/overlayfs.rst; OCI image-spec, layer.md).
 *
 * Rules: nothing is written outside the folder or through a symbolic link.
 * Absolute names and ".." are errors, and so are devices. Owners, modes with
 * set-id bits, times and hard links are kept; of xattrs user.* and
 * security.capability, others are left out. An entry replaces an earlier one
 * of its name, except that a folder stays when a folder comes again. A
 * whiteout in what is no folder hides nothing and is left out.
 */
#ifndef TARE_STORE_UNPACK_H
#define TARE_STORE_UNPACK_H

struct error;
struct lower;
struct tar_reader;

enum unpack_limit {
	UNPACK_ENTRIES_MAX = 2000000, /* of one layer */
};

/*
 * Unpacks into the empty folder dir_fd. A folder that the archive does not
 * describe is as the one in the layers below, or root's with mode 0755; so the
 * result depends on those, too. Errors name the entry.
 */
int unpack_layer(int dir_fd, struct tar_reader *reader,
	const struct lower *lower, struct error *err);

#endif
