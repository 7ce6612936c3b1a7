#include "cgroupfs/parse/memory_stat.h"

#include "cgroupfs/parse/keyed.h"

namespace plimsoll::cgroupfs {

namespace {

// The order of mm/memcontrol-v1.c (memcg1_stat_format).
constexpr auto kKeysV1 = std::to_array<Key<MemoryStatV1>>({
    {"cache", &MemoryStatV1::cache},
    {"rss", &MemoryStatV1::rss},
    {"rss_huge"},
    {"shmem", &MemoryStatV1::shmem},
    {"mapped_file", &MemoryStatV1::mapped_file},
    {"dirty", &MemoryStatV1::dirty},
    {"writeback", &MemoryStatV1::writeback},
    {"workingset_refault_anon", &MemoryStatV1::workingset_refault_anon},
    {"workingset_refault_file", &MemoryStatV1::workingset_refault_file},
    {"swap", &MemoryStatV1::swap},
    {"swapcached"},
    {"pgpgin"},
    {"pgpgout"},
    {"pgfault", &MemoryStatV1::pgfault},
    {"pgmajfault", &MemoryStatV1::pgmajfault},
    {"inactive_anon", &MemoryStatV1::inactive_anon},
    {"active_anon", &MemoryStatV1::active_anon},
    {"inactive_file", &MemoryStatV1::inactive_file},
    {"active_file", &MemoryStatV1::active_file},
    {"unevictable", &MemoryStatV1::unevictable},
    {"hierarchical_memory_limit"},
    {"hierarchical_memsw_limit"},
    {"total_cache", &MemoryStatV1::total_cache},
    {"total_rss", &MemoryStatV1::total_rss},
    {"total_rss_huge", &MemoryStatV1::total_rss_huge},
    {"total_shmem", &MemoryStatV1::total_shmem},
    {"total_mapped_file", &MemoryStatV1::total_mapped_file},
    {"total_dirty", &MemoryStatV1::total_dirty},
    {"total_writeback", &MemoryStatV1::total_writeback},
    {"total_workingset_refault_anon", &MemoryStatV1::total_workingset_refault_anon},
    {"total_workingset_refault_file", &MemoryStatV1::total_workingset_refault_file},
    {"total_swap", &MemoryStatV1::total_swap},
    {"total_swapcached", &MemoryStatV1::total_swapcached},
    {"total_pgpgin", &MemoryStatV1::total_pgpgin},
    {"total_pgpgout", &MemoryStatV1::total_pgpgout},
    {"total_pgfault", &MemoryStatV1::total_pgfault},
    {"total_pgmajfault", &MemoryStatV1::total_pgmajfault},
    {"total_inactive_anon", &MemoryStatV1::total_inactive_anon},
    {"total_active_anon", &MemoryStatV1::total_active_anon},
    {"total_inactive_file", &MemoryStatV1::total_inactive_file},
    {"total_active_file", &MemoryStatV1::total_active_file},
    {"total_unevictable", &MemoryStatV1::total_unevictable},
});

// The order of mm/memcontrol.c (memory_stats[], then memcg_vm_event_stat[]).
constexpr auto kKeysV2 = std::to_array<Key<MemoryStatV2>>({
    {"anon", &MemoryStatV2::anon},
    {"file", &MemoryStatV2::file},
    {"kernel", &MemoryStatV2::kernel},
    {"kernel_stack", &MemoryStatV2::kernel_stack},
    {"pagetables", &MemoryStatV2::pagetables},
    {"sec_pagetables", &MemoryStatV2::sec_pagetables},
    {"percpu", &MemoryStatV2::percpu},
    {"sock", &MemoryStatV2::sock},
    {"vmalloc", &MemoryStatV2::vmalloc},
    {"shmem", &MemoryStatV2::shmem},
    {"zswap", &MemoryStatV2::zswap},
    {"zswapped", &MemoryStatV2::zswapped},
    {"file_mapped", &MemoryStatV2::file_mapped},
    {"file_dirty", &MemoryStatV2::file_dirty},
    {"file_writeback", &MemoryStatV2::file_writeback},
    {"swapcached", &MemoryStatV2::swapcached},
    {"anon_thp", &MemoryStatV2::anon_thp},
    {"file_thp", &MemoryStatV2::file_thp},
    {"shmem_thp", &MemoryStatV2::shmem_thp},
    {"inactive_anon", &MemoryStatV2::inactive_anon},
    {"active_anon", &MemoryStatV2::active_anon},
    {"inactive_file", &MemoryStatV2::inactive_file},
    {"active_file", &MemoryStatV2::active_file},
    {"unevictable", &MemoryStatV2::unevictable},
    {"slab_reclaimable", &MemoryStatV2::slab_reclaimable},
    {"slab_unreclaimable", &MemoryStatV2::slab_unreclaimable},
    {"slab", &MemoryStatV2::slab},
    {"hugetlb", &MemoryStatV2::hugetlb},
    {"workingset_refault_anon", &MemoryStatV2::workingset_refault_anon},
    {"workingset_refault_file", &MemoryStatV2::workingset_refault_file},
    {"workingset_activate_anon", &MemoryStatV2::workingset_activate_anon},
    {"workingset_activate_file", &MemoryStatV2::workingset_activate_file},
    {"workingset_restore_anon", &MemoryStatV2::workingset_restore_anon},
    {"workingset_restore_file", &MemoryStatV2::workingset_restore_file},
    {"workingset_nodereclaim", &MemoryStatV2::workingset_nodereclaim},
    {"pgdemote_kswapd", &MemoryStatV2::pgdemote_kswapd},
    {"pgdemote_direct", &MemoryStatV2::pgdemote_direct},
    {"pgdemote_khugepaged", &MemoryStatV2::pgdemote_khugepaged},
    {"pgdemote_proactive", &MemoryStatV2::pgdemote_proactive},
    {"pgpromote_success", &MemoryStatV2::pgpromote_success},
    {"pgscan", &MemoryStatV2::pgscan},
    {"pgsteal", &MemoryStatV2::pgsteal},
    {"pswpin", &MemoryStatV2::pswpin},
    {"pswpout", &MemoryStatV2::pswpout},
    {"pgscan_kswapd", &MemoryStatV2::pgscan_kswapd},
    {"pgscan_direct", &MemoryStatV2::pgscan_direct},
    {"pgscan_khugepaged", &MemoryStatV2::pgscan_khugepaged},
    {"pgscan_proactive", &MemoryStatV2::pgscan_proactive},
    {"pgsteal_kswapd", &MemoryStatV2::pgsteal_kswapd},
    {"pgsteal_direct", &MemoryStatV2::pgsteal_direct},
    {"pgsteal_khugepaged", &MemoryStatV2::pgsteal_khugepaged},
    {"pgsteal_proactive", &MemoryStatV2::pgsteal_proactive},
    {"pgfault", &MemoryStatV2::pgfault},
    {"pgmajfault", &MemoryStatV2::pgmajfault},
    {"pgrefill", &MemoryStatV2::pgrefill},
    {"pgactivate", &MemoryStatV2::pgactivate},
    {"pgdeactivate", &MemoryStatV2::pgdeactivate},
    {"pglazyfree", &MemoryStatV2::pglazyfree},
    {"pglazyfreed", &MemoryStatV2::pglazyfreed},
    {"swpin_zero", &MemoryStatV2::swpin_zero},
    {"swpout_zero", &MemoryStatV2::swpout_zero},
    {"zswpin", &MemoryStatV2::zswpin},
    {"zswpout", &MemoryStatV2::zswpout},
    {"zswpwb", &MemoryStatV2::zswpwb},
    {"thp_fault_alloc", &MemoryStatV2::thp_fault_alloc},
    {"thp_collapse_alloc", &MemoryStatV2::thp_collapse_alloc},
    {"thp_swpout", &MemoryStatV2::thp_swpout},
    {"thp_swpout_fallback", &MemoryStatV2::thp_swpout_fallback},
});

}  // namespace

Result<MemoryStatV1> parse_memory_stat_v1(std::string_view text) {
  return parse_keyed(text, kKeysV1);
}

Result<MemoryStatV2> parse_memory_stat_v2(std::string_view text) {
  return parse_keyed(text, kKeysV2);
}

}  // namespace plimsoll::cgroupfs
