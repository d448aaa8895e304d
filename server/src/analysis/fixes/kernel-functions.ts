// SPDX-License-Identifier: MIT

/** A function to be written into the module that does with kernel memory what a syscall does with user memory. */
export interface Replacement {
  /** The exported function that does the work. */
  readonly api: string;
  readonly exports: readonly string[];
  readonly includes: readonly string[];
  /** The name that it gets, if that is free. */
  readonly name: string;
  /** For each parameter: its type, and which argument of the syscall it is, or C text. */
  readonly parameters: readonly (readonly [type: string, from: number | string])[];
  readonly code: (name: string) => string;
  readonly note: string;
}

const NO_ITER = (method: string): string => `It refuses files without ${method} with -EINVAL, and does not lock the file position.`;
const OPEN_NOTE = 'The path is looked up from the root and working directory of the current task.';
const SOCKET_NOTE = 'It only takes descriptors of sockets.';

function fileTransfer(direction: 'read' | 'write'): Replacement {
  const isWrite = direction === 'write';
  return {
    api: `kernel_${direction}`,
    exports: ['fget', 'fput', `kernel_${direction}`],
    includes: ['linux/file.h', 'linux/fs.h'],
    name: `${direction}_kernel_buffer`,
    parameters: [['unsigned int', 0], [isWrite ? 'const void *' : 'void *', 1], ['size_t', 2]],
    note: NO_ITER(`${direction}_iter`),
    code: (name) => `/* ${direction}() with a buffer of the kernel; a file without ${direction}_iter gives -EINVAL. */
static ssize_t ${name}(unsigned int fd, ${isWrite ? 'const void' : 'void'} *buf, size_t count)
{
	struct file *file = fget(fd);
	ssize_t ret = -EBADF;

	if (!file)
		return ret;
	if (file->f_mode & FMODE_${direction.toUpperCase()})
		ret = kernel_${direction}(file, buf, count, &file->f_pos);
	fput(file);
	return ret;
}
`,
  };
}

function fileTransferAt(direction: 'read' | 'write'): Replacement {
  const isWrite = direction === 'write';
  return {
    ...fileTransfer(direction),
    name: `${direction}_kernel_buffer_at`,
    parameters: [['unsigned int', 0], [isWrite ? 'const void *' : 'void *', 1], ['size_t', 2], ['loff_t', 3]],
    note: `It refuses files without ${direction}_iter with -EINVAL.`,
    code: (name) => `/* p${direction}() with a buffer of the kernel; a file without ${direction}_iter gives -EINVAL. */
static ssize_t ${name}(unsigned int fd, ${isWrite ? 'const void' : 'void'} *buf, size_t count, loff_t pos)
{
	struct file *file = fget(fd);
	ssize_t ret = -EBADF;

	if (!file)
		return ret;
	if (!(file->f_mode & FMODE_P${direction.toUpperCase()}))
		ret = -ESPIPE;
	else if (file->f_mode & FMODE_${direction.toUpperCase()})
		ret = kernel_${direction}(file, buf, count, &pos);
	fput(file);
	return ret;
}
`,
  };
}

function open(parameters: Replacement['parameters']): Replacement {
  return {
    api: 'filp_open',
    exports: ['fd_install', 'filp_open', 'get_unused_fd_flags', 'put_unused_fd'],
    includes: ['linux/err.h', 'linux/fcntl.h', 'linux/file.h', 'linux/fs.h'],
    name: 'open_kernel_path',
    parameters,
    note: OPEN_NOTE,
    code: (name) => `/* open() with a path of the kernel: a descriptor of the current task, or an error. */
static int ${name}(const char *path, int flags, umode_t mode)
{
	int fd = get_unused_fd_flags(flags);
	struct file *file;

	if (fd < 0)
		return fd;
	file = filp_open(path, flags | O_LARGEFILE, mode);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}
`,
  };
}

function withAddress(syscall: 'bind' | 'connect'): Replacement {
  const flags = syscall === 'connect' ? ', sock->file->f_flags' : '';
  return {
    api: `kernel_${syscall}`,
    exports: ['fput', `kernel_${syscall}`, 'sockfd_lookup'],
    includes: ['linux/file.h', 'linux/net.h'],
    name: `${syscall}_kernel_address`,
    parameters: [['int', 0], ['void *', 1], ['int', 2]],
    note: SOCKET_NOTE,
    code: (name) => `/* ${syscall}() with an address in kernel memory. */
static int ${name}(int fd, void *address, int length)
{
	int ret;
	struct socket *sock = sockfd_lookup(fd, &ret);

	if (!sock)
		return ret;
	ret = kernel_${syscall}(sock, address, length${flags});
	sockfd_put(sock);
	return ret;
}
`,
  };
}

const SENDTO: Replacement = {
  api: 'kernel_sendmsg',
  exports: ['fput', 'kernel_sendmsg', 'sockfd_lookup'],
  includes: ['linux/file.h', 'linux/net.h', 'linux/socket.h', 'linux/uio.h'],
  name: 'send_kernel_buffer',
  parameters: [['int', 0], ['const void *', 1], ['size_t', 2], ['unsigned int', 3], ['void *', 4], ['int', 5]],
  note: SOCKET_NOTE,
  code: (name) => `/* sendto() with a buffer and an address (or NULL) in kernel memory. */
static int ${name}(int fd, const void *buf, size_t len, unsigned int flags, void *address, int length)
{
	struct msghdr msg = { .msg_name = address, .msg_namelen = address ? length : 0, .msg_flags = flags };
	struct kvec vec = { .iov_base = (void *)buf, .iov_len = len };
	int ret;
	struct socket *sock = sockfd_lookup(fd, &ret);

	if (!sock)
		return ret;
	ret = kernel_sendmsg(sock, &msg, &vec, 1, len);
	sockfd_put(sock);
	return ret;
}
`,
};

/** By syscall. `openat` only from AT_FDCWD, which its caller must see to. */
export const REPLACEMENTS: Readonly<Record<string, Replacement>> = {
  write: fileTransfer('write'),
  read: fileTransfer('read'),
  pwrite64: fileTransferAt('write'),
  pread64: fileTransferAt('read'),
  open: open([['const char *', 0], ['int', 1], ['umode_t', 2]]),
  openat: open([['const char *', 1], ['int', 2], ['umode_t', 3]]),
  creat: open([['const char *', 0], ['int', 'O_CREAT | O_WRONLY | O_TRUNC'], ['umode_t', 1]]),
  bind: withAddress('bind'),
  connect: withAddress('connect'),
  sendto: SENDTO,
};
