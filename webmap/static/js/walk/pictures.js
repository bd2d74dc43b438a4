// A picture for each kind of thing that is reported, found by the words in its name; without one it shows a letter.

const PICTURES = [
  [/井盖|manhole/i, "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM6 9h12M6 15h12M9 4v16M15 4v16"],
  [/灯|lamp|light/i, "M7 21V6a4 4 0 0 1 8 0M11 6h8l-1.500 5h-5zM5 21h5M15 14v2M12.500 13l-1 2M17.500 13l1 2"],
  [/消防|火|fire/i, "M12 3c1 4 5 6 5 11a5 5 0 0 1-10 0c0-2 1-3.500 2-4.500 0 2 1 3 2 3 1.500-2 0-5 1-9.500z"],
  [/燃气|油烟|扬尘|gas|fume|dust|smoke/i, "M5 9h9a3 3 0 1 0-3-3M3 13h14a3 3 0 1 1-3 3M6 17h4a2 2 0 1 1-2 2"],
  [/雪|冰|snow|ice/i, "M12 3v18M4.200 7.500l15.600 9M19.800 7.500l-15.600 9M9.500 4.500L12 7l2.500-2.500M9.500 19.500L12 17l2.500 2.500"],
  [/水|下水|涝|water|drain|pipe|flood/i, "M12 3s6 7 6 11a6 6 0 0 1-12 0c0-4 6-11 6-11zM9 14a3 3 0 0 0 3 3"],
  [/单车|电动车|自行车|充电|bicycle|scooter|charg/i, "M6 12a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM18 12a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM6 16l4-8h5l3 8M8.500 11L13 16h5M9 8H7M15 8l1-3h2"],
  [/车|停放|park|vehicle|car\b/i, "M4 16v-4l2-5h12l2 5v4zM4 12h16M6.500 16v2.500M17.500 16v2.500M7.500 14h.1M16.500 14h.1"],
  [/犬|狗|dog/i, "M4 9l3-4 2 3h6l4-2v4l-2 2v8h-3v-5H9v5H6v-8zM8 10h.1"],
  [/噪|noise/i, "M4 9h4l5-4v14l-5-4H4zM16 9a4 4 0 0 1 0 6M18.500 6.500a8 8 0 0 1 0 11"],
  [/落叶|树|枝|绿|leaves|branch|tree/i, "M12 21v-8M12 13c-5 0-7-3-6-8 5-1 7 1 7 5 0-3 2-5 6-4 0 5-2 7-7 7z"],
  [/堆|物料|渣土|建筑垃圾|rubble|piled|goods/i, "M3 20h18M5 20v-6h6v6M13 20v-6h6v6M9 14V8h6v6"],
  [/垃圾|果皮箱|卫生|脏|rubbish|litter|dirty|bin\b/i, "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5"],
  [/广告|横幅|poster|banner|flypost/i, "M5 4h14v12H5zM8 8h8M8 12h5M8 16v5M16 16v5"],
  [/占道|经营|vend|stall/i, "M4 9l2-5h12l2 5M4 9a2.700 2.700 0 0 0 5.300 0 2.700 2.700 0 0 0 5.400 0A2.700 2.700 0 0 0 20 9M5 12v8h14v-8"],
  [/路|塌|坑|road|pothole|sunken/i, "M8 3L4 21M16 3l4 18M12 4v3M12 10v3M12 17v3"],
  [/围挡|施工|私搭|乱建|hoarding|building site|illegal building|construct/i, "M3 8h18v6H3zM6 14v6M18 14v6M6 8l-2 6M12 8l-2 6M18 8l-2 6M6 8V5M18 8V5"],
  [/门|锁|door|lock/i, "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3M12 14.500v2"],
  [/健身|器材|fitness|equipment/i, "M4 9v6M7 7v10M17 7v10M20 9v6M7 12h10"],
  [/老人|孩子|走失|家庭|困难|帮扶|old|child|household|need/i, "M12 20s-8-5-8-11a4.300 4.300 0 0 1 8-2 4.300 4.300 0 0 1 8 2c0 6-8 11-8 11z"],
  [/纠纷|邻里|dispute|neighbour/i, "M4 5h10v7H9l-3 3v-3H4zM16 9h4v7h-2v3l-3-3h-5v-2"],
  [/物业|政策|咨询|policy|property|question/i, "M9 9a3 3 0 1 1 4 2.800c-.700.300-1 .900-1 1.700M12 17.500v.1M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z"],
];

export function pictureOf({ icon = "", zh = "", en = "", name = "" }) {
  const words = icon || `${zh} ${en} ${name}`;
  return PICTURES.find(([kind]) => kind.test(words))?.[1] || null;
}
