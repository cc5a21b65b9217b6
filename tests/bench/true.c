/* SPDX-License-Identifier: GPL-2.0-or-later */
/* true - what starting any static program costs */

int main(void)
{
	return 0;
}
