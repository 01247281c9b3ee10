// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest driver for QEMU's "edu" device: raises interrupts and counts those
 * that arrive, by MSI, or by INTx where the device shows no MSI. It can also
 * have the device write the MSI message by DMA, to the address that config
 * space has, as some chips do with the message that their drivers give them.
 *
 * Register numbers are from QEMU's docs/specs/edu.rst.
 */
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/pci.h>

#define EDU_ID          0x00
#define EDU_IRQ_STATUS  0x24
#define EDU_IRQ_RAISE   0x60
#define EDU_IRQ_ACK     0x64
#define EDU_DMA_SRC     0x80
#define EDU_DMA_DST     0x88
#define EDU_DMA_COUNT   0x90
#define EDU_DMA_CMD     0x98
#define EDU_DMA_RUN     0x1
#define EDU_DMA_WRITE   0x2	/* from the device's buffer */
#define EDU_BUFFER      0x40000

/* PCI_IRQ_LEGACY was renamed in 6.8 and dropped in 6.13. */
#ifndef PCI_IRQ_INTX
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

struct edu {
	void __iomem *bar;
	struct completion fired;
	unsigned int seen;
	bool copying;		/* messages come that no status goes with */
};

static int count = 5;
module_param(count, int, 0444);
MODULE_PARM_DESC(count, "interrupts to raise when the driver is bound");

static int copy;
module_param(copy, int, 0444);
MODULE_PARM_DESC(copy, "messages to have written by DMA after that");

static irqreturn_t edu_irq(int irq, void *opaque)
{
	struct edu *edu = opaque;
	u32 status = readl(edu->bar + EDU_IRQ_STATUS);

	if (!status && !READ_ONCE(edu->copying))
		return IRQ_NONE;
	if (status)
		writel(status, edu->bar + EDU_IRQ_ACK);
	edu->seen++;
	complete(&edu->fired);
	return IRQ_HANDLED;
}

/* Raise @n interrupts, each after the one before it came or was given up. */
static void edu_raise(struct pci_dev *pdev, int n)
{
	struct edu *edu = pci_get_drvdata(pdev);
	unsigned int before = edu->seen;
	int i;

	for (i = 0; i < n; i++) {
		writel(1, edu->bar + EDU_IRQ_RAISE);
		if (!wait_for_completion_timeout(&edu->fired, HZ))
			writel(~0, edu->bar + EDU_IRQ_ACK);
	}
	pci_info(pdev, "raised %d seen %u\n", n, edu->seen - before);
}

/* Four bytes; both addresses are below 4 GiB. */
static int edu_dma(struct edu *edu, u32 from, u32 to, u32 direction)
{
	u32 cmd;

	writel(from, edu->bar + EDU_DMA_SRC);
	writel(to, edu->bar + EDU_DMA_DST);
	writel(4, edu->bar + EDU_DMA_COUNT);
	writel(EDU_DMA_RUN | direction, edu->bar + EDU_DMA_CMD);
	return readl_poll_timeout(edu->bar + EDU_DMA_CMD, cmd,
				  !(cmd & EDU_DMA_RUN), 10000, 10000000);
}

/*
 * Have the device write 0 to the address of the MSI message, @n times. Behind a
 * VT-d that remaps interrupts 0 is the data of Xen's messages, so what matters
 * is whose address gets there. In the end both parts of the message go to
 * registers that are as far from each other as in MSI's own.
 */
static void edu_copy(struct pci_dev *pdev, int n)
{
	struct edu *edu = pci_get_drvdata(pdev);
	unsigned int before = edu->seen;
	dma_addr_t zero;
	u32 address;
	u16 data;
	void *buf;
	int i;

	buf = dma_alloc_coherent(&pdev->dev, 4, &zero, GFP_KERNEL);
	if (!buf || edu_dma(edu, zero, EDU_BUFFER, 0)) {
		pci_err(pdev, "DMA fails\n");
		goto out;
	}
	pci_read_config_dword(pdev, pdev->msi_cap + PCI_MSI_ADDRESS_LO,
			      &address);
	pci_read_config_word(pdev, pdev->msi_cap + PCI_MSI_DATA_64, &data);
	WRITE_ONCE(edu->copying, true);
	for (i = 0; i < n; i++) {
		if (edu_dma(edu, EDU_BUFFER, address, EDU_DMA_WRITE))
			pci_err(pdev, "DMA of the message fails\n");
		wait_for_completion_timeout(&edu->fired, 5 * HZ);
	}
	WRITE_ONCE(edu->copying, false);
	writel(address, edu->bar + EDU_DMA_DST);
	writel(data, edu->bar + EDU_DMA_COUNT);
	pci_info(pdev, "copied %d seen %u, 0x%x/0x%x as 0x%x/0x%x\n", n,
		 edu->seen - before, address, data,
		 readl(edu->bar + EDU_DMA_DST),
		 readl(edu->bar + EDU_DMA_COUNT));
out:
	if (buf)
		dma_free_coherent(&pdev->dev, 4, buf, zero);
}

static ssize_t raise_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	int n;
	int rc = kstrtoint(buf, 0, &n);

	if (rc)
		return rc;
	edu_raise(to_pci_dev(dev), n);
	return len;
}
static DEVICE_ATTR_WO(raise);

static struct attribute *edu_attrs[] = { &dev_attr_raise.attr, NULL };
ATTRIBUTE_GROUPS(edu);

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu;
	int rc;

	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;
	init_completion(&edu->fired);
	rc = pcim_enable_device(pdev);
	if (rc)
		return rc;
	edu->bar = pcim_iomap(pdev, 0, 0);
	if (!edu->bar)
		return -ENOMEM;
	pci_set_drvdata(pdev, edu);
	pci_set_master(pdev);
	rc = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI | PCI_IRQ_INTX);
	if (rc < 0)
		return rc;
	rc = request_irq(pci_irq_vector(pdev, 0), edu_irq, IRQF_SHARED, "edu",
			 edu);
	if (rc) {
		pci_free_irq_vectors(pdev);
		return rc;
	}
	edu_raise(pdev, count);
	if (copy)
		edu_copy(pdev, copy);
	return 0;
}

static void edu_remove(struct pci_dev *pdev)
{
	free_irq(pci_irq_vector(pdev, 0), pci_get_drvdata(pdev));
	pci_free_irq_vectors(pdev);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = "edu_msi",
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
	.dev_groups = edu_groups,
};
module_pci_driver(edu_driver);

MODULE_DESCRIPTION("Interrupt counter for QEMU's edu device");
MODULE_LICENSE("GPL");
