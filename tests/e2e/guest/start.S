/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes the place of the decompressor in the guest's kernel: what is behind it
 * is the kernel itself, a part after the other. elf.py fills in what comes
 * after "parts".
 *
 * Linux's boot protocol (Documentation/arch/x86/boot.rst) is in force: it
 * begins at 1 MiB, in protected mode, esi the boot parameters; the kernel
 * begins in long mode, where what it is made of is mapped as it lies, with rsi
 * for these.
 */

#define CS 0x10
#define DS 0x18
#define PAE 0x20
#define EFER 0xc0000080
#define LME 0x100
#define PG 0x80000000

	.text
	.code32
begin:
	cli
	cld
	lgdt	descriptor - begin + 0x100000
	mov	%cr4, %eax
	or	$PAE, %eax
	mov	%eax, %cr4
	mov	$(top - begin + 0x100000), %eax
	mov	%eax, %cr3
	mov	$EFER, %ecx
	rdmsr
	or	$LME, %eax
	wrmsr
	mov	%cr0, %eax
	or	$PG, %eax
	mov	%eax, %cr0
	ljmp	$CS, $(long - begin + 0x100000)

	.code64
long:
	mov	$DS, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%rsi, %r8
	lea	parts(%rip), %rbx
	std			/* from the end: it may lie on what comes from */
next:
	mov	(%rbx), %rsi	/* the last 8 bytes of a part, */
	mov	8(%rbx), %rdi	/* where they belong, */
	mov	16(%rbx), %rcx	/* how many times 8 bytes */
	rep movsq
	add	$24, %rbx
	cmpq	$0, (%rbx)
	jne	next
	cld
	mov	%r8, %rsi
	jmp	*8(%rbx)

	.balign 8
gdt:
	.quad	0, 0
	.quad	0x00af9a000000ffff	/* CS */
	.quad	0x00cf92000000ffff	/* DS */
descriptor:
	.word	descriptor - gdt - 1
	.long	gdt - begin + 0x100000

	/* The first GiB, by pages of 2 MiB. */
	.balign 4096
top:
	.quad	upper - begin + 0x100000 + 3
	.balign 4096
upper:
	.quad	middle - begin + 0x100000 + 3
	.balign 4096
middle:
	.set	at, 0
	.rept	512
	.quad	at + 0x83
	.set	at, at + 0x200000
	.endr
parts:
