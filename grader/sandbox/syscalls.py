"""The numbers of the system calls that student code may not make, per machine: facts of the kernel's interface.

Numbers from the kernel's own headers: asm/unistd_64.h for x86-64, asm-generic/unistd.h for aarch64, whose table was
never run.
"""

from __future__ import annotations

from typing import NamedTuple


class Machine(NamedTuple):
    """audit: the AUDIT_ARCH constant that a filter sees; newest: the highest number known; verified: ever run?"""

    audit: int
    numbers: dict[str, int]
    newest: int
    verified: bool


def _table(text: str) -> dict[str, int]:
    return {name: int(number) for name, number in (entry.split(":") for entry in text.split())}


X86_64 = Machine(
    audit=0xC000003E,
    newest=469,
    verified=True,
    numbers=_table(
        """
        fork:57 vfork:58 clone:56 clone3:435 execve:59 execveat:322
        socket:41 socketpair:53 bind:49 connect:42 listen:50 accept:43 accept4:288
        kill:62 tkill:200 tgkill:234 rt_sigqueueinfo:129 rt_tgsigqueueinfo:297 pidfd_send_signal:424 pidfd_open:434
        pidfd_getfd:438
        kcmp:312 ptrace:101 process_vm_readv:310 process_vm_writev:311 process_madvise:440 process_mrelease:448
        prlimit64:302 setpriority:141 ioprio_set:251 sched_setscheduler:144 sched_setparam:142 sched_setattr:314
        sched_setaffinity:203
        chmod:90 fchmod:91 fchmodat:268 fchmodat2:452 chown:92 fchown:93 lchown:94 fchownat:260
        utime:132 utimes:235 utimensat:280 futimesat:261 file_setattr:469
        setxattr:188 lsetxattr:189 fsetxattr:190 setxattrat:463 removexattr:197 lremovexattr:198 fremovexattr:199
        removexattrat:466
        mknod:133 mknodat:259 memfd_create:319 memfd_secret:447
        mount:165 umount2:166 pivot_root:155 chroot:161 move_mount:429 open_tree:428 open_tree_attr:467 fsopen:430
        fsconfig:431
        fsmount:432 fspick:433 mount_setattr:442 statmount:457 listmount:458 unshare:272 setns:308
        bpf:321 perf_event_open:298 userfaultfd:323 io_uring_setup:425 io_uring_enter:426 io_uring_register:427
        keyctl:250 add_key:248 request_key:249 seccomp:317 lsm_set_self_attr:460
        landlock_create_ruleset:444 landlock_add_rule:445 landlock_restrict_self:446
        inotify_init:253 inotify_init1:294 inotify_add_watch:254 fanotify_init:300 fanotify_mark:301
        shmget:29 shmat:30 shmctl:31 shmdt:67 semget:64 semop:65 semctl:66 semtimedop:220
        msgget:68 msgsnd:69 msgrcv:70 msgctl:71
        mq_open:240 mq_unlink:241 mq_timedsend:242 mq_timedreceive:243 mq_notify:244 mq_getsetattr:245
        reboot:169 kexec_load:246 kexec_file_load:320 create_module:174 init_module:175 finit_module:313
        delete_module:176
        swapon:167 swapoff:168 sethostname:170 setdomainname:171 iopl:172 ioperm:173 acct:163
        settimeofday:164 clock_settime:227 clock_adjtime:305 adjtimex:159 quotactl:179 quotactl_fd:443
        syslog:103 personality:135 vhangup:153 modify_ldt:154 name_to_handle_at:303 open_by_handle_at:304
        setuid:105 setgid:106 setreuid:113 setregid:114 setresuid:117 setresgid:119 setfsuid:122 setfsgid:123
        setgroups:116
        capset:126 setsid:112 setpgid:109 move_pages:279 migrate_pages:256 uselib:134 ustat:136 sysfs:139 nfsservctl:180
        lookup_dcookie:212 vmsplice:278 ioctl:16 fcntl:72 sync:162 syncfs:306
        io_setup:206 io_destroy:207 io_getevents:208 io_submit:209 io_cancel:210 io_pgetevents:333
        """
    ),
)

AARCH64 = Machine(
    audit=0xC00000B7,
    newest=469,
    verified=False,
    numbers=_table(
        """
        clone:220 clone3:435 execve:221 execveat:281
        socket:198 socketpair:199 bind:200 connect:203 listen:201 accept:202 accept4:242
        kill:129 tkill:130 tgkill:131 rt_sigqueueinfo:138 rt_tgsigqueueinfo:240 pidfd_send_signal:424 pidfd_open:434
        pidfd_getfd:438
        kcmp:272 ptrace:117 process_vm_readv:270 process_vm_writev:271 process_madvise:440 process_mrelease:448
        prlimit64:261 setpriority:140 ioprio_set:30 sched_setscheduler:119 sched_setparam:118 sched_setattr:274
        sched_setaffinity:122
        fchmod:52 fchmodat:53 fchmodat2:452 fchown:55 fchownat:54 utimensat:88 file_setattr:469
        setxattr:5 lsetxattr:6 fsetxattr:7 setxattrat:463 removexattr:14 lremovexattr:15 fremovexattr:16
        removexattrat:466
        mknodat:33 memfd_create:279 memfd_secret:447
        mount:40 umount2:39 pivot_root:41 chroot:51 move_mount:429 open_tree:428 open_tree_attr:467 fsopen:430
        fsconfig:431
        fsmount:432 fspick:433 mount_setattr:442 statmount:457 listmount:458 unshare:97 setns:268
        bpf:280 perf_event_open:241 userfaultfd:282 io_uring_setup:425 io_uring_enter:426 io_uring_register:427
        keyctl:219 add_key:217 request_key:218 seccomp:277 lsm_set_self_attr:460
        landlock_create_ruleset:444 landlock_add_rule:445 landlock_restrict_self:446
        inotify_init1:26 inotify_add_watch:27 fanotify_init:262 fanotify_mark:263
        shmget:194 shmat:196 shmctl:195 shmdt:197 semget:190 semop:193 semctl:191 semtimedop:192
        msgget:186 msgsnd:189 msgrcv:188 msgctl:187
        mq_open:180 mq_unlink:181 mq_timedsend:182 mq_timedreceive:183 mq_notify:184 mq_getsetattr:185
        reboot:142 kexec_load:104 kexec_file_load:294 init_module:105 finit_module:273 delete_module:106
        swapon:224 swapoff:225 sethostname:161 setdomainname:162 acct:89
        settimeofday:170 clock_settime:112 clock_adjtime:266 adjtimex:171 quotactl:60 quotactl_fd:443
        syslog:116 personality:92 vhangup:58 name_to_handle_at:264 open_by_handle_at:265
        setuid:146 setgid:144 setreuid:145 setregid:143 setresuid:147 setresgid:149 setfsuid:151 setfsgid:152
        setgroups:159
        capset:91 setsid:157 setpgid:154 move_pages:239 migrate_pages:238 nfsservctl:42 lookup_dcookie:18
        vmsplice:75 ioctl:29 fcntl:25 sync:81 syncfs:267
        io_setup:0 io_destroy:1 io_submit:2 io_cancel:3 io_getevents:4 io_pgetevents:292
        """
    ),
)

MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}
"""By what `os.uname().machine` says."""
