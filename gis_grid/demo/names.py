"""Invented names: people, estates, communities, shops. Any likeness is chance."""

from __future__ import annotations

from random import Random

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_WEIGHTS = [max(8, 720 - 17 * n) for n in range(len(_SURNAMES))]
_MALE = {
    0: "国建志德明华永福贵生成庆忠义荣昌兴祥",
    1: "伟军勇强刚斌辉涛峰超平波鹏飞健俊杰林",
    2: "浩宇轩子涵博文泽昊然梓睿一诺晨阳铭辰",
}
_FEMALE = {
    0: "秀英兰芳珍玉淑桂梅莲素凤琴菊清惠荣华",
    1: "丽敏静娟艳霞燕红玲萍雪琳洁颖婷莉娜慧",
    2: "欣怡梓涵诗语雨桐一诺可馨思彤紫萱若曦",
}
_ESTATE_HEADS = (
    "云锦 翠湖 江畔 金桂 银杏 和顺 康乐 阳光 书香 锦绣 望江 凤栖 梧桐 桃源 碧水 清华园 "
    "明珠 世纪 天和 东方 紫薇 荷塘 丹枫 玉兰 听涛"
).split()
_ESTATE_TAILS = ("花园 小区 家园 雅苑 新村 名邸 公寓 华庭 苑 里").split()
COMMUNITY_HEADS = (
    "望江 凤鸣 翠屏 文昌 长春 学府 康宁 和平 友谊 解放 建设 新华 龙腾 金桂 银杏 梧桐 槐荫 "
    "荷塘 松涛 竹园 渡口 石桥 双井 古楼 桂花 莲塘 茶亭 柏林 桃李 枫林"
).split()
STREET_NAMES = ("临江 云水 凤凰 望山 石桥 书院 金沙 龙门 春晖 柳荫 文峰 清溪 南湖 北岭").split()
TRADES = {
    "餐饮": "面馆 火锅店 小吃店 饭店 烧烤店 早餐店 茶餐厅 豆花庄",
    "零售": "便利店 超市 水果店 烟酒店 五金店 服装店 文具店 粮油店",
    "居民服务": "理发店 洗衣店 家政服务部 修锁配钥匙店 快递驿站 打印店 照相馆",
    "医药健康": "药店 诊所 眼镜店 按摩店",
    "文化教育": "培训中心 书店 琴行 托管班",
    "汽修物流": "汽车修理店 洗车行 电动车行",
    "房产中介": "房产中介",
    "其他": "工作室 商贸行 茶楼 棋牌室 宠物店",
}
FIRMS = {
    "商务服务": "会计事务所 律师事务所 咨询服务部 广告公司 人力资源公司",
    "信息技术": "软件公司 网络科技公司 电子商务公司",
    "建筑装饰": "装饰公司 建筑设计公司 工程监理公司",
    "金融保险": "保险代理公司 小额贷款公司",
    "贸易物流": "贸易公司 供应链公司 货运代理公司",
    "文化教育": "教育咨询公司 文化传媒公司",
}
_FIRM_HEADS = "云启 江禾 博远 立信 汇智 众成 新程 远图 恒岳 嘉木 启明 天衡 合纵 山海 一舟 禾川 景行 知行".split()
_SHOP_HEADS = (
    "好又来 老张家 川味 福满 四季 小巷 鑫源 佳佳 红太阳 阿芳 百姓 顺风 康泰 邻里 一品 金牌 "
    "宏达 便民 香满 渝味 兴隆 巧手 云江 天天 老街坊"
).split()


def person_name(random: Random, sex: str, age: int) -> str:
    """A name of the generation; one or two given characters."""
    generation = 0 if age >= 52 else 1 if age >= 22 else 2
    pool = (_MALE if sex == "1" else _FEMALE)[generation]
    surname = random.choices(_SURNAMES, _WEIGHTS)[0]
    single = random.random() < (0.3 if generation == 1 else 0.1)
    return surname + random.choice(pool) + ("" if single else random.choice(pool))


def child_name(random: Random, father: str, sex: str, age: int) -> str:
    """A child has the father's surname."""
    return father[0] + person_name(random, sex, age)[1:]


def estate_name(random: Random, taken: set[str]) -> str:
    """An estate's name that the town does not have yet."""
    for number in range(1, 1000):
        name = random.choice(_ESTATE_HEADS) + random.choice(_ESTATE_TAILS)
        if number > 30:
            name = f"{name}{'二三四五六七八九'[number % 8]}期"
        if number > 200:
            name = f"{name}{number}号院"
        if name not in taken:
            taken.add(name)
            return name
    raise ValueError("no names left")


def shop_name(random: Random) -> tuple[str, str]:
    """Name and trade."""
    trade = random.choices(list(TRADES), [30, 30, 14, 6, 5, 4, 4, 7])[0]
    return random.choice(_SHOP_HEADS) + random.choice(TRADES[trade].split()), trade


def firm_name(random: Random) -> tuple[str, str]:
    """Name and trade of what is up in an office tower."""
    trade = random.choices(list(FIRMS), [26, 22, 16, 10, 16, 10])[0]
    return random.choice(_FIRM_HEADS) + random.choice(FIRMS[trade].split()), trade
