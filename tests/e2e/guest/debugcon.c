// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is written to /dev/debugcon goes to Xen's debug console, byte by byte:
 * port 0xe9, which Xen serves itself. A line there costs a serial line's
 * hundredth, where each byte wakes the stub domain.
 */
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>

#define DEBUGCON_PORT 0xe9

static DEFINE_MUTEX(debugcon_lock);	/* one line after the other */

static ssize_t debugcon_write(struct file *file, const char __user *from,
			      size_t count, loff_t *pos)
{
	char text[256];
	size_t i, n = min(count, sizeof(text));

	if (copy_from_user(text, from, n))
		return -EFAULT;
	mutex_lock(&debugcon_lock);
	for (i = 0; i < n; i++)
		outb(text[i], DEBUGCON_PORT);
	mutex_unlock(&debugcon_lock);
	return n;
}

static const struct file_operations debugcon_fops = {
	.owner = THIS_MODULE,
	.write = debugcon_write,
	.llseek = noop_llseek,
};

static struct miscdevice debugcon = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "debugcon",
	.fops = &debugcon_fops,
	.mode = 0200,
};
module_misc_device(debugcon);

MODULE_DESCRIPTION("Xen's debug console");
MODULE_LICENSE("GPL");
