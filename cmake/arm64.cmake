# SPDX-License-Identifier: Apache-2.0
# Compiles for arm64 on amd64: Debian's cross compiler, and Debian's libraries for arm64 in the folder
# DUALTRACE_SYSROOT, which dev.d/arm64.sh makes. protoc and its plugin are this machine's own.
set(DUALTRACE_SYSROOT "$ENV{DUALTRACE_SYSROOT}" CACHE PATH "The folder with Debian's packages for arm64")
if(NOT EXISTS "${DUALTRACE_SYSROOT}/usr/lib/aarch64-linux-gnu")
  message(FATAL_ERROR "DUALTRACE_SYSROOT='${DUALTRACE_SYSROOT}' has no libraries: run ./dev setup release")
endif()
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES DUALTRACE_SYSROOT)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_SYSROOT "${DUALTRACE_SYSROOT}")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set(ENV{PKG_CONFIG_SYSROOT_DIR} "${DUALTRACE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR}
    "${DUALTRACE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${DUALTRACE_SYSROOT}/usr/share/pkgconfig")
